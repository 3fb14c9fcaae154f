//go:build e2e && linux

package awscli

// A setup is one environment with its files. In all texts {name:argument} is replaced: see
// world.expand.
type setup struct {
	name        string
	config      string
	credentials string
	files       map[string]string // below the home directory, by name; those in bin/ are executable
	env         []string
	profile     string // --profile for the AWS CLI, the name of the program for the helper

	// differs says what is different, for a setup where one of the two programs fails. Empty: both
	// sign with the same keys, or both fail.
	differs string
}

// Why the AWS CLI fails where the helper works.
const (
	cliDuplicate = "the AWS CLI refuses the whole file: duplicate section"
	cliOption    = "the AWS CLI refuses the whole file: duplicate setting"
	cliParse     = "the AWS CLI refuses the whole file: a line that is no setting"
	cliQuotes    = "the AWS CLI takes the quotes as part of the key"
	cliComment   = "the AWS CLI takes the comment as part of the value"
	cliBOM       = "the AWS CLI refuses a byte order mark"
	cliLogin     = "AWS CLI 2.9 does not know `aws login`; newer versions use it"
)

// Why the helper fails where the AWS CLI works. The error of the helper names the reason.
const (
	helperBoto = "the helper does not read files of older tools: its error names the file"
	helperFIFO = "the AWS CLI ignores a FIFO: the error of the helper names it"
	helperSize = "the helper reads at most 4 MiB of a file: its error names the limit"
)

func setups() []setup {
	const role = "role_arn = {role:pull}\nrole_session_name = session\n"
	const sso = "sso_account_id = 123456789012\nsso_role_name = developer\n"
	const legacy = sso + "sso_start_url = {ssourl:legacy}\nsso_region = us-east-1\n"
	const session = "[sso-session corp]\nsso_start_url = {ssourl:corp}\nsso_region = us-east-1\n"
	environment := []string{"AWS_ACCESS_KEY_ID={key:env}", "AWS_SECRET_ACCESS_KEY={secret:env}"}
	webIdentity := []string{"AWS_WEB_IDENTITY_TOKEN_FILE={token:web}", "AWS_ROLE_ARN={webrole:web}", "AWS_ROLE_SESSION_NAME=session"}
	with := func(a []string, more ...string) []string { return append(append([]string(nil), a...), more...) }
	process := map[string]string{"bin/tool": "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"{key:process}\",\"SecretAccessKey\":\"{secret:process}\"}'\n"}
	processAs := func(name, expiration string) map[string]string {
		return map[string]string{name: "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"{skey:process}\",\"SecretAccessKey\":\"{ssecret:process}\",\"SessionToken\":\"{stoken:process}\",\"Expiration\":\"" + expiration + "\"}'\n"}
	}
	return []setup{
		// The environment.
		{name: "nothing"},
		{name: "access key in the environment", env: environment},
		{name: "session in the environment", env: []string{"AWS_ACCESS_KEY_ID={skey:s}", "AWS_SECRET_ACCESS_KEY={ssecret:s}", "AWS_SESSION_TOKEN={stoken:s}"}},
		{name: "session token in AWS_SECURITY_TOKEN", env: []string{"AWS_ACCESS_KEY_ID={skey:s}", "AWS_SECRET_ACCESS_KEY={ssecret:s}", "AWS_SECURITY_TOKEN={stoken:s}"}},
		{name: "AWS_SECURITY_TOKEN comes before AWS_SESSION_TOKEN", env: []string{"AWS_ACCESS_KEY_ID={skey:s}", "AWS_SECRET_ACCESS_KEY={ssecret:s}", "AWS_SECURITY_TOKEN={stoken:s}", "AWS_SESSION_TOKEN=wrong"}},
		{name: "session with AWS_CREDENTIAL_EXPIRATION", env: []string{"AWS_ACCESS_KEY_ID={skey:s}", "AWS_SECRET_ACCESS_KEY={ssecret:s}", "AWS_SESSION_TOKEN={stoken:s}", "AWS_CREDENTIAL_EXPIRATION=2099-05-16 19:19:29+0000"}},
		{name: "AWS_ACCESS_KEY_ID alone", env: environment[:1]},
		{name: "AWS_ACCESS_KEY_ID alone, and a default profile", env: environment[:1], credentials: "[default]\n{keys:file}"},
		{name: "AWS_SECRET_ACCESS_KEY alone, and a default profile", env: environment[1:], credentials: "[default]\n{keys:file}"},
		{name: "empty AWS_ACCESS_KEY_ID, and a default profile", env: with(environment[1:], "AWS_ACCESS_KEY_ID="), credentials: "[default]\n{keys:file}"},
		{name: "AWS_ACCESS_KEY and AWS_SECRET_KEY of older SDKs", env: []string{"AWS_ACCESS_KEY={key:env}", "AWS_SECRET_KEY={secret:env}"}, credentials: "[default]\n{keys:file}"},
		{name: "environment before default profile", env: environment, credentials: "[default]\n{keys:file}"},
		{name: "environment before AWS_PROFILE", env: with(environment, "AWS_PROFILE=p"), credentials: "[p]\n{keys:file}"},
		{name: "forced profile before environment", env: environment, profile: "p", credentials: "[p]\n{keys:file}"},
		{name: "AWS_PROFILE that is missing, with keys in the environment", env: with(environment, "AWS_PROFILE=missing")},

		// Profiles.
		{name: "default profile in the credentials file", credentials: "[default]\n{keys:file}"},
		{name: "default profile in the config file", config: "[default]\n{keys:file}"},
		{name: "[profile default] in the config file", config: "[profile default]\n{keys:file}"},
		{name: "[default] after [profile default]", config: "[profile default]\n{keys:first}[default]\n{keys:second}"},
		{name: "[profile default] after [default]", config: "[default]\n{keys:first}[profile default]\n{keys:second}"},
		{name: "[profile default] in the credentials file", credentials: "[profile default]\n{keys:file}"},
		{name: "credentials file before config file", config: "[default]\n{keys:config}", credentials: "[default]\n{keys:file}"},
		{name: "AWS_PROFILE", env: []string{"AWS_PROFILE=p"}, config: "[profile p]\n{keys:p}", credentials: "[default]\n{keys:file}"},
		{name: "AWS_DEFAULT_PROFILE", env: []string{"AWS_DEFAULT_PROFILE=p"}, config: "[profile p]\n{keys:p}", credentials: "[default]\n{keys:file}"},
		{name: "AWS_PROFILE before AWS_DEFAULT_PROFILE", env: []string{"AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=q"}, credentials: "[p]\n{keys:p}[q]\n{keys:q}"},
		{name: "AWS_PROFILE that is missing", env: []string{"AWS_PROFILE=missing"}, credentials: "[default]\n{keys:file}"},
		{name: "AWS_DEFAULT_PROFILE that is missing", env: []string{"AWS_DEFAULT_PROFILE=missing"}, credentials: "[default]\n{keys:file}"},
		{name: "config section without the word profile", env: []string{"AWS_PROFILE=p"}, config: "[p]\n{keys:p}"},
		{name: "session token in a profile", credentials: "[default]\naws_access_key_id = {skey:s}\naws_secret_access_key = {ssecret:s}\naws_session_token = {stoken:s}\n"},
		{name: "aws_security_token in a profile", credentials: "[default]\naws_access_key_id = {skey:s}\naws_secret_access_key = {ssecret:s}\naws_security_token = {stoken:s}\n"},
		{name: "half of the key in each file", config: "[default]\naws_secret_access_key = {secret:file}\n", credentials: "[default]\naws_access_key_id = {key:file}\n"},
		{name: "key without a secret", credentials: "[default]\naws_access_key_id = {key:file}\n"},
		{name: "key without a secret, and a whole one in the config file", config: "[default]\n{keys:config}", credentials: "[default]\naws_access_key_id = {key:file}\n"},

		// Where the files are.
		{name: "AWS_CONFIG_FILE with ~", env: []string{"AWS_CONFIG_FILE=~/other"}, files: map[string]string{"other": "[default]\n{keys:other}"}},
		{name: "AWS_CONFIG_FILE with $HOME", env: []string{"AWS_CONFIG_FILE=$HOME/other"}, files: map[string]string{"other": "[default]\n{keys:other}"}},
		{name: "AWS_SHARED_CREDENTIALS_FILE with ${HOME}", env: []string{"AWS_SHARED_CREDENTIALS_FILE=${HOME}/other"}, files: map[string]string{"other": "[default]\n{keys:other}"}},
		{name: "AWS_CONFIG_FILE that is missing", env: []string{"AWS_CONFIG_FILE=/nowhere/config"}, credentials: "[default]\n{keys:file}"},
		{name: "AWS_CONFIG_FILE is /dev/null", env: []string{"AWS_CONFIG_FILE=/dev/null"}, config: "[default]\n{keys:config}"},
		{name: "AWS_CONFIG_FILE is a directory", env: []string{"AWS_CONFIG_FILE={home:}"}, credentials: "[default]\n{keys:file}"},
		{name: "AWS_CONFIG_FILE is a FIFO", env: []string{"AWS_CONFIG_FILE={fifo:pipe}"}, credentials: "[default]\n{keys:file}", differs: helperFIFO},
		{name: "config file of 5 MiB", config: "{large:}", credentials: "[default]\n{keys:file}", differs: helperSize},

		// The syntax of the files.
		{name: "[profile 'my profile']", profile: "my profile", config: "[profile 'my profile']\n{keys:p}"},
		{name: "[profile \"p\"]", env: []string{"AWS_PROFILE=p"}, config: "[profile \"p\"]\n{keys:p}"},
		{name: "[profile my\\ profile]", profile: "my profile", config: "[profile my\\ profile]\n{keys:p}"},
		{name: "[profile my profile] without quotes", env: []string{"AWS_PROFILE=my profile"}, config: "[profile my profile]\n{keys:p}"},
		{name: "[my profile] in the credentials file", env: []string{"AWS_PROFILE=my profile"}, credentials: "[my profile]\n{keys:p}"},
		{name: "quotes in the credentials file", env: []string{"AWS_PROFILE=p"}, credentials: "['p']\n{keys:p}"},
		{name: "header with an open quote", env: []string{"AWS_PROFILE=p"}, config: "[profile 'p]\n{keys:p}"},
		{name: "text after the header", env: []string{"AWS_PROFILE=p"}, config: "[profile p] /* text */\n{keys:p}"},
		{name: "blanks within the brackets", env: []string{"AWS_PROFILE=p"}, config: "[ profile p ]\n{keys:p}"},
		{name: "[ default ], and instance credentials", config: "[ default ]\n{keys:file}", env: []string{"{imds:instance}"}},
		{name: "tab in the header", env: []string{"AWS_PROFILE=p"}, config: "[profile\tp]\n{keys:p}"},
		{name: "[DEFAULT] alone", credentials: "[DEFAULT]\n{keys:file}"},
		{name: "[DEFAULT] is part of each section", env: []string{"AWS_PROFILE=p"}, config: "[DEFAULT]\n{keys:all}[profile p]\nregion = us-east-1\n"},
		{name: "[Default]", credentials: "[Default]\n{keys:file}"},
		{name: "upper case in keys", credentials: "[default]\nAWS_Access_Key_ID = {key:file}\nAWS_SECRET_ACCESS_KEY = {secret:file}\n"},
		{name: "colons for equals signs", credentials: "[default]\naws_access_key_id: {key:file}\naws_secret_access_key: {secret:file}\n"},
		{name: "no blanks around equals signs", credentials: "[default]\naws_access_key_id={key:file}\naws_secret_access_key={secret:file}\n"},
		{name: "carriage returns at the ends of lines", credentials: "[default]\r\naws_access_key_id = {key:file}\r\naws_secret_access_key = {secret:file}\r\n"},
		{name: "indented settings", credentials: "[default]\n  aws_access_key_id = {key:file}\n  aws_secret_access_key = {secret:file}\n"},
		{name: "indented header is part of the value before it", env: []string{"AWS_PROFILE=p"}, config: "[profile p]\n{keys:p}region = us-east-1\n  [profile q]\n"},
		{name: "nested settings", config: "[default]\ns3 =\n  aws_access_key_id = wrong\n{keys:file}"},
		{name: "value on the next line", credentials: "[default]\naws_secret_access_key = {secret:file}\naws_access_key_id =\n  {key:file}\n"},
		{name: "comments on lines of their own", credentials: "# one\n[default]\n; two\n{keys:file}# three\n"},
		{name: "blank lines within a section", credentials: "\n\n[default]\n\naws_access_key_id = {key:file}\n\n\naws_secret_access_key = {secret:file}\n\n"},
		{name: "comment after a key", credentials: "[default]\naws_access_key_id = {key:file} # mine\naws_secret_access_key = {secret:file}\n", differs: cliComment},
		{name: "quotes around the keys", credentials: "[default]\naws_access_key_id = \"{key:file}\"\naws_secret_access_key = '{secret:file}'\n", differs: cliQuotes},
		{name: "duplicate section", credentials: "[default]\naws_access_key_id = {key:file}\n[other]\n[default]\naws_secret_access_key = {secret:file}\n", differs: cliDuplicate},
		{name: "duplicate setting", credentials: "[default]\naws_access_key_id = wrong\n{keys:file}", differs: cliOption},
		{name: "line that is no setting", credentials: "[default]\n{keys:file}nonsense\n", differs: cliParse},
		{name: "settings before the first header", credentials: "region = us-east-1\n[default]\n{keys:file}", differs: cliParse},
		{name: "byte order mark", credentials: "\xef\xbb\xbf[default]\n{keys:file}", differs: cliBOM},
		{name: "UTF-16", credentials: "\xff\xfe[\x00d\x00]\x00"},

		// Roles.
		{name: "role with source_profile", config: "[default]\n" + role + "source_profile = k\n[profile k]\n{keys:k}"},
		{name: "role with a source in the credentials file", config: "[default]\n" + role + "source_profile = k\n", credentials: "[k]\n{keys:k}"},
		{name: "role in the credentials file", credentials: "[default]\n" + role + "source_profile = k\n[k]\n{keys:k}"},
		{name: "role with its own key as source", config: "[default]\n" + role + "source_profile = default\n{keys:k}"},
		{name: "role with the key of a source that has a role too", config: "[default]\n" + role + "source_profile = k\n[profile k]\nrole_arn = {role:other}\nsource_profile = z\n{keys:k}[profile z]\n{keys:z}"},
		{name: "role of a role", config: "[default]\n" + role + "source_profile = r\n[profile r]\nrole_arn = {role:first}\nrole_session_name = second\nsource_profile = k\n[profile k]\n{keys:k}"},
		{name: "profiles that are each other's source", config: "[default]\n" + role + "source_profile = r\n[profile r]\n" + role + "source_profile = default\n"},
		{name: "role that is its own source, without a key", config: "[default]\n" + role + "source_profile = default\n"},
		{name: "source_profile that is missing", config: "[default]\n" + role + "source_profile = missing\n"},
		{name: "source_profile without credentials", config: "[default]\n" + role + "source_profile = k\n[profile k]\nregion = us-east-1\n"},
		{name: "source_profile without role_arn", config: "[default]\nsource_profile = k\n[profile k]\n{keys:k}"},
		{name: "role without a source", config: "[default]\n" + role},
		{name: "role without a source, with a key of its own", config: "[default]\n" + role + "{keys:k}"},
		{name: "role with both kinds of source", config: "[default]\n" + role + "source_profile = k\ncredential_source = Environment\n[profile k]\n{keys:k}", env: []string{"AWS_PROFILE=default"}},
		{name: "external_id", config: "[default]\nrole_arn = {extrole:a #b}\nexternal_id = a #b\nrole_session_name = session\nsource_profile = k\n[profile k]\n{keys:k}"},
		{name: "source_profile in quotes", config: "[default]\n" + role + "source_profile = \"k\"\n[profile k]\n{keys:k}", differs: "the AWS CLI takes the quotes as part of the name"},
		{name: "environment before the role of the default profile", env: environment, config: "[default]\n" + role + "source_profile = k\n[profile k]\n{keys:k}"},
		{name: "credential_source = Environment", profile: "p", env: environment, config: "[profile p]\n" + role + "credential_source = Environment\n"},
		{name: "credential_source = Environment without a key", profile: "p", config: "[profile p]\n" + role + "credential_source = Environment\n"},
		{name: "credential_source = EcsContainer", config: "[default]\n" + role + "credential_source = EcsContainer\n", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI={container:task}"}},
		{name: "credential_source = Ec2InstanceMetadata", config: "[default]\n" + role + "credential_source = Ec2InstanceMetadata\n", env: []string{"{imds:instance}"}},
		{name: "credential_source in lower case", config: "[default]\n" + role + "credential_source = environment\n", env: []string{"AWS_PROFILE=default"}},
		{name: "role with a source that has a process", config: "[default]\n" + role + "source_profile = k\n[profile k]\ncredential_process = {home:}/bin/tool\n", files: process},
		{name: "role with a source that has SSO", config: "[default]\n" + role + "source_profile = k\n[profile k]\n" + legacy},
		{name: "role with a source that has a web identity", config: "[default]\n" + role + "source_profile = k\n[profile k]\nrole_arn = {webrole:k}\nrole_session_name = second\nweb_identity_token_file = {token:k}\n"},
		{name: "role with a source that has login_session", config: "[default]\n" + role + "source_profile = k\n[profile k]\nlogin_session = {login:x}\n", differs: cliLogin},

		// Web identities.
		{name: "web identity in the environment", env: webIdentity},
		{name: "web identity without AWS_ROLE_ARN", env: webIdentity[:1]},
		{name: "web identity before the key of the default profile", env: webIdentity, credentials: "[default]\n{keys:file}"},
		{name: "role of AWS_PROFILE before the web identity", env: with(webIdentity, "AWS_PROFILE=p"), config: "[profile p]\n" + role + "source_profile = k\n[profile k]\n{keys:k}"},
		{name: "role of the default profile before the web identity", env: webIdentity, config: "[default]\n" + role + "source_profile = k\n[profile k]\n{keys:k}"},
		{name: "web identity before the key of AWS_PROFILE", env: with(webIdentity, "AWS_PROFILE=k"), config: "[profile k]\n{keys:k}"},
		{name: "forced profile before the web identity", env: webIdentity, profile: "k", config: "[profile k]\n{keys:k}"},
		{name: "access key before the web identity", env: with(webIdentity, environment...)},
		{name: "web identity of a profile", config: "[default]\nrole_arn = {webrole:web}\nrole_session_name = second\nweb_identity_token_file = {token:web}\n"},
		{name: "web identity of a profile before its key", config: "[default]\nrole_arn = {webrole:web}\nrole_session_name = second\nweb_identity_token_file = {token:web}\n{keys:k}"},
		{name: "web identity file of a profile, role in the environment", config: "[default]\nrole_arn = {webrole:a}\nweb_identity_token_file = {token:web}\n", env: []string{"AWS_ROLE_ARN={webrole:b}"}},
		{name: "empty AWS_WEB_IDENTITY_TOKEN_FILE and a profile with one", env: []string{"AWS_WEB_IDENTITY_TOKEN_FILE="}, config: "[default]\nrole_arn = {webrole:web}\nweb_identity_token_file = {token:web}\n{keys:k}"},
		{name: "web identity file that is missing", env: []string{"AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere/token", "AWS_ROLE_ARN={webrole:web}"}, credentials: "[default]\n{keys:file}"},

		// SSO.
		{name: "SSO, older form", config: "[default]\n" + legacy},
		{name: "SSO with a session", config: "[default]\n" + sso + "sso_session = corp\n" + session},
		{name: "SSO with a session, name in quotes", config: "[default]\n" + sso + "sso_session = My Corp\n[sso-session 'My Corp']\nsso_start_url = {ssourl:My Corp}\nsso_region = us-east-1\n"},
		{name: "SSO before the keys of the profile", config: "[default]\n" + legacy, credentials: "[default]\n{keys:stale}"},
		{name: "start URL alone, and a key", config: "[default]\nsso_start_url = {ssourl:legacy}\n{keys:k}"},
		{name: "SSO without a region", config: "[default]\n" + sso + "sso_start_url = {ssourl:legacy}\n{keys:k}"},
		{name: "SSO with a session that is missing", config: "[default]\n" + sso + "sso_session = missing\n{keys:k}"},
		{name: "SSO with a session that contradicts the profile", config: "[default]\n" + sso + "sso_session = corp\nsso_region = eu-west-1\n" + session},
		{name: "SSO that is not logged in", config: "[default]\n" + sso + "sso_start_url = https://never.example/start\nsso_region = us-east-1\n"},
		{name: "SSO token with UTC in its expiry", config: "[default]\n" + sso + "sso_start_url = {ssourlutc:utc}\nsso_region = us-east-1\n"},
		{name: "environment before SSO", env: environment, config: "[default]\n" + legacy},

		// Processes.
		{name: "credential_process", config: "[default]\ncredential_process = {home:}/bin/tool\n", files: process},
		{name: "credential_process in double quotes, with arguments", config: "[default]\ncredential_process = \"{home:}/bin/my tool\" a \"b c\"\n", files: map[string]string{"bin/my tool": process["bin/tool"]}},
		{name: "credential_process in single quotes", config: "[default]\ncredential_process = '{home:}/bin/my tool'\n", files: map[string]string{"bin/my tool": process["bin/tool"]}},
		{name: "credential_process with a backslash", config: "[default]\ncredential_process = {home:}/bin/my\\ tool\n", files: map[string]string{"bin/my tool": process["bin/tool"]}},
		{name: "credential_process with $HOME", config: "[default]\ncredential_process = $HOME/bin/tool\n", files: process},
		{name: "credential_process with a pipe", config: "[default]\ncredential_process = {home:}/bin/tool | cat\n", files: process},
		{name: "credential_process that is missing", config: "[default]\ncredential_process = /nowhere/tool\n{keys:k}"},
		{name: "credential_process before the key of the config file", config: "[default]\ncredential_process = {home:}/bin/tool\n{keys:k}", files: process},
		{name: "key of the credentials file before credential_process", config: "[default]\ncredential_process = {home:}/bin/tool\n", credentials: "[default]\n{keys:k}", files: process},
		{name: "process with Expiration 2099-05-16T19:19:29UTC", config: "[default]\ncredential_process = {home:}/bin/tool\n", files: processAs("bin/tool", "2099-05-16T19:19:29UTC")},
		{name: "process with Expiration 2099-05-16T19:19:29+0000", config: "[default]\ncredential_process = {home:}/bin/tool\n", files: processAs("bin/tool", "2099-05-16T19:19:29+0000")},
		{name: "process with Expiration 2099-05-16 19:19:29+00:00", config: "[default]\ncredential_process = {home:}/bin/tool\n", files: processAs("bin/tool", "2099-05-16 19:19:29+00:00")},
		{name: "process that prints version 2", config: "[default]\ncredential_process = {home:}/bin/tool\n", files: map[string]string{"bin/tool": "#!/bin/sh\necho '{\"Version\":2}'\n"}},

		// aws login, containers, instances, older tools.
		{name: "login_session", config: "[default]\nlogin_session = {login:x}\n", differs: cliLogin},
		{name: "container", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI={container:task}"}},
		{name: "container with an authorization token", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI={secretcontainer:task}", "AWS_CONTAINER_AUTHORIZATION_TOKEN=not-a-real-agent-token"}},
		{name: "default profile before the container", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI={container:task}"}, credentials: "[default]\n{keys:file}"},
		{name: "profile without credentials, and a container", env: []string{"AWS_PROFILE=p", "AWS_CONTAINER_CREDENTIALS_FULL_URI={container:task}"}, config: "[profile p]\nregion = us-east-1\n"},
		{name: "container on another machine", env: []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/role"}},
		{name: "instance", env: []string{"{imds:instance}"}},
		{name: "container before the instance", env: []string{"{imds:instance}", "AWS_CONTAINER_CREDENTIALS_FULL_URI={container:task}"}},
		{name: "~/.boto before the instance", env: []string{"{imds:instance}"}, files: map[string]string{".boto": "[Credentials]\n{keys:boto}"}, differs: helperBoto},
		{name: "default profile before ~/.boto", credentials: "[default]\n{keys:file}", files: map[string]string{".boto": "[Credentials]\n{keys:boto}"}},
		{name: "AWS_CREDENTIAL_FILE", env: []string{"AWS_CREDENTIAL_FILE={home:}/ec2"}, files: map[string]string{"ec2": "AWSAccessKeyId={key:ec2}\nAWSSecretKey={secret:ec2}\n"}, differs: helperBoto},
	}
}
