package inmemory_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	ecrlogin "github.com/4e881efc/ecr-credential-helper/ecr-login"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/inmemory"
)

// A controller passes the configuration that its other AWS clients use. Nothing else is read, and
// nothing is written to disk.
func ExampleOptions() {
	cfg := aws.Config{ /* from config.LoadDefaultConfig of the AWS SDK */ }
	helper := ecrlogin.New(inmemory.Options(ecrlogin.Options{Config: &cfg}))
	_, err := helper.Get(context.Background(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com")
	fmt.Println(err)
	// Output: no AWS credentials: the aws.Config has none
}
