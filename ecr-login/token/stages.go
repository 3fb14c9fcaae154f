package token

import (
	"net/url"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Stage is a step of a Fetch. The values are stable.
type Stage string

// The stages of a Fetch, and those that users of this package add to an Error.
const (
	StagePrepare      Stage = "prepare"       // nothing was started yet
	StageConfig       Stage = "config"        // load the AWS configuration
	StageCredentials  Stage = "credentials"   // resolve credentials, outside any call
	StageProcess      Stage = "process"       // run a credential_process
	StageSessionWait  Stage = "session-wait"  // wait while another process refreshes the session
	StageECR          Stage = "ecr"           // call ECR
	StageECRPublic    Stage = "ecr-public"    // call ECR Public
	StageAssumeRole   Stage = "assume-role"   // call STS to assume a role
	StageWebIdentity  Stage = "web-identity"  // call STS with a web identity token
	StageCaller       Stage = "caller"        // call STS to identify the caller
	StageSSORole      Stage = "sso-role"      // call IAM Identity Center for role credentials
	StageSSORefresh   Stage = "sso-refresh"   // refresh an SSO session
	StageLoginRefresh Stage = "login-refresh" // refresh an `aws login` session
	StageContainer    Stage = "container"     // call the container credential endpoint
	StageEC2          Stage = "ec2"           // call the EC2 instance metadata service
	StageTokenWait    Stage = "token-wait"    // wait while another process fetches the token
	StageFallback     Stage = "fallback"      // run the fallback credential helper
)

// stageWords are the stages as they follow "while" in a message.
var stageWords = map[Stage]string{
	StagePrepare:      "preparing the request",
	StageConfig:       "loading the AWS configuration",
	StageCredentials:  "resolving AWS credentials",
	StageProcess:      "running the credential_process",
	StageSessionWait:  "waiting for another process to refresh the session",
	StageECR:          "calling ECR",
	StageECRPublic:    "calling ECR Public",
	StageAssumeRole:   "calling STS to assume a role",
	StageWebIdentity:  "calling STS with a web identity token",
	StageCaller:       "calling STS to identify the caller",
	StageSSORole:      "calling IAM Identity Center for role credentials",
	StageSSORefresh:   "refreshing the SSO session",
	StageLoginRefresh: "refreshing the `aws login` session",
	StageContainer:    "calling the container credential endpoint",
	StageEC2:          "calling the EC2 instance metadata service",
	StageTokenWait:    "waiting for another process to fetch the token",
	StageFallback:     "running the fallback helper",
}

// Text returns the stage in words, as they follow "while" in a message.
func (s Stage) Text() string {
	if words, ok := stageWords[s]; ok {
		return words
	}
	return string(s)
}

// An operation is what this package must know about an API call.
type operation struct {
	name    string
	stage   Stage
	peer    string // the service that is called, in words
	service string // the SDK's service ID, if the call follows configured endpoints
	action  string // the action's name in an IAM policy
	local   bool   // calls a credential endpoint of the machine or container, not AWS
}

// Names of operations that are compared.
const (
	opECR          = "GetAuthorizationToken"
	opAssumeRole   = "AssumeRole"
	opWebIdentity  = "AssumeRoleWithWebIdentity"
	opCaller       = "GetCallerIdentity"
	opSSORole      = "GetRoleCredentials"
	opSSORefresh   = "CreateToken"
	opLoginRefresh = "CreateOAuth2Token"
	opContainer    = "GetCredentials"
)

// operations are the API calls that the SDK's credential chain and this package make. Every other
// call (GetMetadata, getToken, GetRegion) goes to the EC2 instance metadata service.
var operations = map[string]operation{
	opAssumeRole:   {stage: StageAssumeRole, peer: "STS", service: sts.ServiceID, action: "sts:AssumeRole"},
	opWebIdentity:  {stage: StageWebIdentity, peer: "STS", service: sts.ServiceID, action: "sts:AssumeRoleWithWebIdentity"},
	opCaller:       {stage: StageCaller, peer: "STS", service: sts.ServiceID, action: "sts:GetCallerIdentity"},
	opSSORole:      {stage: StageSSORole, peer: "IAM Identity Center", service: sso.ServiceID, action: "sso:GetRoleCredentials"},
	opSSORefresh:   {stage: StageSSORefresh, peer: "IAM Identity Center", service: "SSO OIDC"},
	opLoginRefresh: {stage: StageLoginRefresh, peer: "AWS sign-in", service: signin.ServiceID, action: "signin:CreateOAuth2Token"},
	opContainer:    {stage: StageContainer, peer: "the container credential endpoint", local: true},
}

// operation returns the operation with the given name.
func (c *calls) operation(name string) operation {
	op, known := operations[name]
	switch {
	case name == opECR && c.public:
		op = operation{stage: StageECRPublic, peer: "ECR Public"}
	case name == opECR:
		op = operation{stage: StageECR, peer: "ECR"}
	case !known:
		op = operation{stage: StageEC2, peer: "the EC2 instance metadata service", local: true}
	}
	op.name = name
	return op
}

// A step is one run of a stage.
type step struct {
	stage     Stage
	operation operation // zero for a stage that is no API call
	url       *url.URL  // the URL called last; nil before the first request
	role      string    // the role to assume
}

// words returns what the step does, as it follows "while" in a message.
func (s step) words() string { return s.stage.Text() }

// A tracker knows which step is running, so that an error can name it.
type tracker struct {
	mu        sync.Mutex
	running   []*step // outermost first
	failed    *step   // the innermost call that failed, unless a later call succeeded
	succeeded *step   // the last call that succeeded
}

// start records that a step begins.
func (t *tracker) start(s *step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = append(t.running, s)
	t.failed = nil
}

// end records that a step is over.
func (t *tracker) end(s *step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = slices.DeleteFunc(t.running, func(other *step) bool { return other == s })
}

// endCall records how an API call ended. Calls nest (signing an STS call may call the metadata
// service), so the innermost failure is the one to report.
func (t *tracker) endCall(s *step, err error) {
	t.mu.Lock()
	switch {
	case err == nil:
		t.failed, t.succeeded = nil, s
	case t.failed == nil:
		t.failed = s
	}
	t.mu.Unlock()
	t.end(s)
}

// isLocal reports whether the innermost running call goes to a credential endpoint of the machine
// or container.
func (t *tracker) isLocal() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.running) > 0 && t.running[len(t.running)-1].operation.local
}

// setURL records where a step's request goes.
func (t *tracker) setURL(s *step, u *url.URL) {
	t.mu.Lock()
	defer t.mu.Unlock()
	target := *u
	s.url = &target
}

// host returns the host that a step called; "" before the first request.
func (t *tracker) host(s *step) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.url == nil {
		return ""
	}
	return s.url.Host
}

// last returns the step to report: the call that failed, else the running step, else the last call
// that succeeded.
func (t *tracker) last() step {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.failed != nil:
		return *t.failed
	case len(t.running) > 0:
		return *t.running[len(t.running)-1]
	case t.succeeded != nil:
		return *t.succeeded
	}
	return step{stage: StagePrepare}
}
