# Calls ECR as a program in Python does. Prints the tags of the repository team/app.
import boto3

ecr = boto3.client("ecr")
ecr.get_authorization_token()
if not ecr.describe_repositories()["repositories"]:
    ecr.create_repository(repositoryName="team/app")
details = ecr.describe_images(repositoryName="team/app")["imageDetails"]
print(",".join(tag for image in details for tag in image.get("imageTags", [])))
