package token_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/token"
)

// The SDK reads the environment of its process. So that tests can choose that
// environment, and run in parallel, every Fetch runs in a process of its own:
// this test binary, started again with jobs in the variable jobsVariable.
const jobsVariable = "TOKEN_TEST_JOBS"

func TestMain(m *testing.M) {
	if jobs := os.Getenv(jobsVariable); jobs != "" {
		child(jobs)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// job is one Fetch.
type job struct {
	Request  token.Request
	Version  string
	Budget   time.Duration // 0: 20 s
	Cancel   bool          // the context is canceled before the Fetch
	Expire   string        // a URL: when it responds, the deadline has passed
	Metadata time.Duration
	DMI      string
	Now      time.Duration // how far the local clock is off
	Lock     string        // a URL that is called to take the session lock; it responds when the lock is free
	Recorded bool          // calls go to a recorder, not to the network
	Logged   bool          // the client has a log
	Caller   bool          // identifies the caller instead of fetching a token
}

// result is what came of it.
type result struct {
	Token     token.Token
	Caller    token.Caller
	Err       *token.Error
	Text      string // Err.Error()
	Hint      string
	Is        string // which context error Err wraps
	Locked    []string
	URLs      []string // called, if recorded
	Log       string
	Endpoints token.Endpoints // the endpoints of the same request, if recorded
	Stderr    string          `json:"-"`
}

func child(encoded string) {
	var jobs []job
	if err := json.Unmarshal([]byte(encoded), &jobs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	results := make([]result, len(jobs))
	for i, j := range jobs {
		results[i] = run(j)
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		os.Exit(2)
	}
}

func run(j job) result {
	if j.Budget == 0 {
		j.Budget = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.Budget)
	defer cancel()
	if j.Cancel {
		cancel()
	}
	if j.Expire != "" {
		ctx = expiring(ctx, j.Expire)
	}
	var r result
	client := &token.Client{Version: j.Version, MetadataTimeout: j.Metadata, DMI: j.DMI}
	if j.Now != 0 {
		client.Now = func() time.Time { return time.Now().Add(j.Now) }
	}
	if j.Lock != "" {
		client.SessionLock = func(ctx context.Context, name string) (func(), error) {
			r.Locked = append(r.Locked, name)
			return lock(ctx, j.Lock)
		}
	}
	var sent recorder
	if j.Recorded {
		client.HTTPClient = &http.Client{Transport: &sent}
	}
	var log bytes.Buffer
	if j.Logged {
		client.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	var err error
	if j.Caller {
		r.Caller, err = client.Caller(ctx, j.Request)
	} else {
		r.Token, err = client.Fetch(ctx, j.Request)
	}
	r.URLs, r.Log = sent.urls, log.String()
	if j.Recorded && err == nil {
		if r.Endpoints, err = client.Endpoints(ctx, j.Request); err != nil {
			r.Endpoints.ECR = err.Error()
		} else if len(sent.urls) != len(r.URLs) {
			r.Endpoints.ECR = "Endpoints made a call"
		}
	}
	if err != nil {
		e, ok := err.(*token.Error)
		if !ok {
			e = &token.Error{Kind: "not a *token.Error", Message: err.Error()}
		}
		r.Err, r.Text, r.Hint = e, err.Error(), e.Hint()
		for _, target := range []error{context.Canceled, context.DeadlineExceeded} {
			if ok && errors.Is(err, target) {
				r.Is = target.Error()
			}
		}
	}
	return r
}

// expiring returns a context whose deadline passes when url responds.
func expiring(ctx context.Context, url string) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		if response, err := http.Get(url); err == nil {
			response.Body.Close()
		}
	}()
	return expired{ctx}
}

type expired struct{ context.Context }

func (c expired) Err() error {
	if c.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// lock takes the session lock from the test. The result releases it.
func lock(ctx context.Context, url string) (func(), error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/lock", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	return func() {
		if response, err := http.Post(url+"/unlock", "", nil); err == nil {
			response.Body.Close()
		}
	}, nil
}

// recorder responds to every AWS call, and records its URL.
type recorder struct {
	mu   sync.Mutex
	urls []string
}

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.urls = append(r.urls, request.URL.String())
	// "QVdTOm5vdC1hLXJlYWwtdG9rZW4=" is base64 of "AWS:not-a-real-token".
	body, kind := `{"authorizationData":[{"authorizationToken":"QVdTOm5vdC1hLXJlYWwtdG9rZW4="}]}`, "application/x-amz-json-1.1"
	switch {
	case strings.HasPrefix(request.Header.Get("X-Amz-Target"), "SpencerFrontendService"):
		body = `{"authorizationData":{"authorizationToken":"QVdTOm5vdC1hLXJlYWwtdG9rZW4="}}`
	case request.Header.Get("X-Amz-Target") == "": // the only calls without a target are those to STS
		form, err := io.ReadAll(request.Body)
		if err != nil {
			return nil, err
		}
		action := "AssumeRole"
		if strings.Contains(string(form), "Action=AssumeRoleWithWebIdentity") {
			action = "AssumeRoleWithWebIdentity"
		}
		body, kind = fmt.Sprintf(`<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>`+
			`<SecretAccessKey>secret-for-tests</SecretAccessKey><SessionToken>session-for-tests</SessionToken>`+
			`<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></%[1]sResult></%[1]sResponse>`, action), "text/xml"
	}
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// fetchAll runs jobs one after another in one process with the environment env
// and nothing else.
func fetchAll(t *testing.T, env []string, jobs ...job) []result {
	t.Helper()
	encoded, err := json.Marshal(jobs)
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // far beyond any budget: a child that hangs is a bug
	defer cancel()
	command := exec.CommandContext(ctx, program)
	// Under the race detector a process sleeps for a second before it ends.
	command.Env = append(slices.Clip(env), jobsVariable+"="+string(encoded), "GORACE=atexit_sleep_ms=0", "GOCOVERDIR="+t.TempDir())
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("the child failed: %v\n%s", err, stderr.String())
	}
	var results []result
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil || len(results) != len(jobs) {
		t.Fatalf("the child printed %q (%v)", stdout.String(), err)
	}
	for i := range results {
		results[i].Stderr = stderr.String()
		check(t, results[i])
	}
	return results
}

func fetch(t *testing.T, env []string, j job) result {
	t.Helper()
	return fetchAll(t, env, j)[0]
}

// check holds what is true of every result.
func check(t *testing.T, r result) {
	t.Helper()
	if r.Stderr != "" {
		t.Errorf("something was written to standard error: %q", r.Stderr)
	}
	if r.Err == nil {
		checkEndpoints(t, r)
		if r.Caller != (token.Caller{}) {
			return
		}
		if r.Token.Username == "" || r.Token.Password == "" || r.Token.Fetched.IsZero() {
			t.Errorf("no error and no whole token: %+v", r.Token)
		}
		return
	}
	if r.Text == "" || strings.ContainsAny(r.Text, "\r\n") || strings.HasSuffix(r.Text, ".") {
		t.Errorf("not one line without a full stop: %q", r.Text)
	}
	if r.Text != r.Err.Error() {
		t.Errorf("the error is %q, and %q after JSON", r.Text, r.Err.Error())
	}
	if r.Hint != r.Err.Hint() || strings.ContainsAny(r.Hint, "\r\n") {
		t.Errorf("hint %q, after JSON %q", r.Hint, r.Err.Hint())
	}
	if r.Err.Stage == "" {
		t.Errorf("%q has no stage", r.Text)
	}
}

// checkEndpoints checks that Endpoints has every URL that Fetch called.
func checkEndpoints(t *testing.T, r result) {
	t.Helper()
	for i, url := range r.URLs {
		want := r.Endpoints.STS
		if i == len(r.URLs)-1 {
			want = r.Endpoints.ECR
		}
		if strings.TrimSuffix(url, "/") != strings.TrimSuffix(want, "/") {
			t.Errorf("called %s, Endpoints has %q", url, want)
		}
	}
	if len(r.URLs) == 1 && r.Endpoints.STS != "" {
		t.Errorf("Endpoints has %s, which was not called", r.Endpoints.STS)
	}
}

// wantToken checks that a result is a token of principal in the fake's books.
func wantToken(t *testing.T, s *ecrtest.Server, r result, principal string) ecrtest.Token {
	t.Helper()
	if r.Err != nil {
		t.Fatalf("%s: %s (hint: %s)", r.Err.Kind, r.Text, r.Hint)
	}
	issued, ok := s.Token(r.Token.Password)
	if !ok {
		t.Fatalf("the password %q was never issued", r.Token.Password)
	}
	if issued.Principal.ARN != principal {
		t.Errorf("the token is %s's, want %s's", issued.Principal.ARN, principal)
	}
	if r.Token.Username != ecrtest.User {
		t.Errorf("user name %q", r.Token.Username)
	}
	return issued
}

// wantError checks kind and words of an error, and that no secret is in it.
func wantError(t *testing.T, r result, kind token.Kind, words ...string) {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("no error, want %s", kind)
	}
	if r.Err.Kind != kind {
		t.Errorf("kind %q, want %q: %s", r.Err.Kind, kind, r.Text)
	}
	for _, word := range words {
		if !strings.Contains(r.Text, word) {
			t.Errorf("the message %q does not contain %q", r.Text, word)
		}
	}
}

// withoutSecrets checks that none of the secrets is anywhere in the error.
func withoutSecrets(t *testing.T, r result, secrets ...string) {
	t.Helper()
	all, err := json.Marshal(r.Err)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if secret == "" {
			t.Fatal("an empty secret is in everything")
		}
		if strings.Contains(string(all)+r.Hint, secret) {
			t.Errorf("the secret %q is in %s %s", secret, all, r.Hint)
		}
	}
}

func private(region string) token.Request {
	return token.Request{Registry: registry.Registry{
		Account: ecrtest.Account, Region: region, Partition: "aws", Service: registry.Private,
	}}
}

func public() token.Request {
	return token.Request{Registry: registry.Registry{Region: "us-east-1", Partition: "aws", Service: registry.Public}}
}

// settings is an environment in which nothing is configured, for tests that
// need no server; more adds to it.
func settings(t *testing.T, more ...string) []string {
	t.Helper()
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}, more...)
}

// keys are credentials for calls that are not verified.
var keys = slices.Clip([]string{"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret-for-tests"})
