//go:build e2e && linux

package awscli

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// A world is a fake AWS and a home directory for one setup.
type world struct {
	t    *testing.T
	aws  *ecrtest.Server
	dir  string
	home *ecrtest.Home
	keys map[string]ecrtest.Credentials
}

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{t: t, aws: ecrtest.New(t), dir: dir, keys: map[string]ecrtest.Credentials{}}
	w.home = w.aws.Home(dir)
	w.home.Proxy = true // AWS CLI 2.9 has no AWS_ENDPOINT_URL
	return w
}

var placeholder = regexp.MustCompile(`\{([a-z]+):([^{}]*)\}`)

// expand replaces {name:argument} in a text, and creates in the fake AWS what the name says.
func (w *world) expand(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(match string) string {
		m := placeholder.FindStringSubmatch(match)
		name, argument := m[1], m[2]
		switch name {
		case "home":
			return w.dir
		case "large":
			return strings.Repeat("# filler\n", 5<<20/9)
		case "key":
			return w.user(argument).AccessKeyID
		case "secret":
			return w.user(argument).SecretAccessKey
		case "keys":
			c := w.user(argument)
			return "aws_access_key_id = " + c.AccessKeyID + "\naws_secret_access_key = " + c.SecretAccessKey + "\n"
		case "skey":
			return w.session(argument).AccessKeyID
		case "ssecret":
			return w.session(argument).SecretAccessKey
		case "stoken":
			return w.session(argument).SessionToken
		case "role":
			return w.role(ecrtest.Role{ARN: argument})
		case "extrole":
			return w.role(ecrtest.Role{ARN: "external", ExternalID: argument})
		case "webrole":
			return w.role(ecrtest.Role{ARN: argument, Subject: "system:serviceaccount:default:builder"})
		case "token":
			return w.write("token-"+argument, w.aws.NewWebIdentityToken("system:serviceaccount:default:builder", time.Hour))
		case "container":
			return w.aws.URL + w.aws.AddContainer(w.role(ecrtest.Role{ARN: argument}), "")
		case "secretcontainer":
			return w.aws.URL + w.aws.AddContainer(w.role(ecrtest.Role{ARN: argument}), "not-a-real-agent-token")
		case "imds":
			w.aws.SetInstanceRole(w.role(ecrtest.Role{ARN: argument}))
			return "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + w.aws.URL + "/" // AWS CLI 2.9 needs the slash
		case "ssourl", "ssourlutc":
			return w.sso(argument, name == "ssourlutc")
		case "login":
			arn := "arn:aws:iam::" + ecrtest.Account + ":user/" + argument
			other := w.aws.Home(w.t.TempDir())
			other.Dir = w.dir
			config, err := os.ReadFile(filepath.Join(w.dir, ".aws/config"))
			if err != nil {
				w.t.Fatal(err)
			}
			other.Login("unused", arn, w.aws.NewLoginSession(arn, time.Hour))
			w.write(".aws/config", string(config))
			return arn
		case "fifo":
			path := filepath.Join(w.dir, argument)
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				w.t.Fatal(err)
			}
			return path
		}
		w.t.Fatalf("%s has no meaning", match)
		return ""
	})
}

func (w *world) user(name string) ecrtest.Credentials {
	if _, ok := w.keys[name]; !ok {
		w.keys[name] = w.aws.AddUser(name)
	}
	return w.keys[name]
}

func (w *world) session(name string) ecrtest.Credentials {
	key := "session " + name
	if _, ok := w.keys[key]; !ok {
		w.keys[key] = w.aws.NewSession("arn:aws:sts::" + ecrtest.Account + ":assumed-role/" + name + "/session")
	}
	return w.keys[key]
}

// role makes a role of the name in ARN known, and returns its ARN.
func (w *world) role(r ecrtest.Role) string {
	r.ARN = "arn:aws:iam::" + ecrtest.Account + ":role/" + r.ARN
	w.aws.AddRole(r)
	return r.ARN
}

// sso logs a user in to a session of that name, and returns the session's start URL, which is also
// the key of the older form.
func (w *world) sso(name string, utc bool) string {
	session := w.aws.NewSSOSession("developer", time.Hour, ecrtest.Assignment{Account: ecrtest.Account, Role: "developer"})
	data, err := json.Marshal(session)
	if err != nil {
		w.t.Fatal(err)
	}
	if utc {
		data = regexp.MustCompile(`("expiresAt":"[^"]*)Z"`).ReplaceAll(data, []byte(`${1}UTC"`))
	}
	for _, key := range []string{name, session.StartURL} {
		sum := sha1.Sum([]byte(key))
		w.write(".aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", string(data))
	}
	return session.StartURL
}

func (w *world) write(name, text string) string {
	path := filepath.Join(w.dir, name)
	mode := os.FileMode(0o600)
	if strings.HasPrefix(name, "bin/") {
		mode = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// build writes the files of the setup and returns its environment.
func (w *world) build(s setup) []string {
	for name, text := range s.files {
		w.write(name, w.expand(text))
	}
	config, credentials := w.expand(s.config), w.expand(s.credentials)
	w.write(".aws/config", config)
	w.write(".aws/credentials", credentials)
	var more []string
	for _, v := range s.env {
		more = append(more, w.expand(v))
	}
	var env []string
	for _, v := range w.home.Env(more...) {
		// The default places of the files are part of what is compared.
		if strings.HasPrefix(v, "AWS_CONFIG_FILE="+w.dir+"/.aws/") || strings.HasPrefix(v, "AWS_SHARED_CREDENTIALS_FILE="+w.dir+"/.aws/") {
			continue
		}
		env = append(env, v)
	}
	return env
}

// A result is what one program did.
type result struct {
	signed string // who signed the calls to STS and ECR, in order; empty when it failed
	output string
}

// run runs a program and returns whose keys signed its calls.
func (w *world) run(env []string, input string, command ...string) result {
	w.aws.Reset()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env, cmd.Dir = env, w.dir
	cmd.Stdin = strings.NewReader(input)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	r := result{output: strings.TrimSpace(output.String())}
	if err != nil {
		r.output += fmt.Sprintf(" (%v)", err)
		return r
	}
	var signed []string
	for _, q := range w.aws.Requests("") {
		switch q.Op {
		case "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sso:GetRoleCredentials", "ecr:GetAuthorizationToken":
			if q.Status == 200 {
				signed = append(signed, q.Op+" by "+withoutSession(q.Principal))
			}
		}
	}
	r.signed = strings.Join(signed, ", ")
	return r
}

// withoutSession removes the session name from the ARN of a role's session: each program has its
// own default.
func withoutSession(arn string) string {
	if strings.Contains(arn, ":assumed-role/") {
		return arn[:strings.LastIndexByte(arn, '/')]
	}
	return arn
}
