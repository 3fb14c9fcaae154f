package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// hostile has what acts on a terminal: an escape sequence, a carriage return, a bell, a C1 control
// character, a bidirectional override and a zero-width character.
const hostile = "\x1b[2J\r\a\u009b1m\u202egpj\u200b"

// Text from files, names, clients and servers reaches the terminal without control characters,
// whatever the command.
func TestHostileText(t *testing.T) {
	t.Parallel()
	message := "denied " + hostile + "\nforged: line"
	for name, fault := range map[string]ecrtest.Fault{
		"error message":   {Status: 400, Code: "Access" + hostile, Message: message},
		"error as a page": {Status: 500, Body: []byte(message)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, u := hostileUser(t)
			s.SetFault("*", fault)
			u.runHostile(s)
		})
	}
	for _, variable := range []string{
		"", "AWS_PROFILE=" + hostile, "ECR_LOGIN_CONFIG=/nowhere/" + hostile, "ECR_LOGIN_LOG=debug", "ECR_LOGIN_LOG=" + hostile,
		"ECR_LOGIN_LOG_FILE=" + hostile, "AWS_CONFIG_FILE=/nowhere/" + hostile, "AWS_CA_BUNDLE=/nowhere/" + hostile,
		"HTTPS_PROXY=" + hostile, "AWS_ENDPOINT_URL=http://" + hostile, "DOCKER_CONFIG=/nowhere/" + hostile,
	} {
		name, _, _ := strings.Cut(variable, "=")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, u := hostileUser(t)
			u.with(variable).runHostile(s)
		})
	}
}

// jsonString returns a text as a string in JSON.
func jsonString(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// hostileUser returns a user whose home directory and files have hostile names.
func hostileUser(t *testing.T) (*ecrtest.Server, *user) {
	t.Helper()
	s := ecrtest.New(t)
	dir := filepath.Join(t.TempDir(), "home"+hostile+"\nforged: line")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	u := newUser(t, dir, s.Env(dir, ecrtest.FromFile))
	u = u.with("PATH=" + filepath.Dir(helper) + string(filepath.ListSeparator) + filepath.Join(dir, "bin"))
	u.get(host)
	return s, u.with("ECR_LOGIN_TIMEOUT=2s")
}

func (u *user) putHostileFiles() {
	u.put(".docker/config.json", []byte(fmt.Sprintf(
		`{"credHelpers": {%q: %s, %s: "ecr-login", "public.ecr.aws": %s}, "auths": {%s: {"auth": "QVdTOm5vdC1hLXJlYWwtcGFzc3dvcmQ="}}}`,
		host, jsonString("ecr-login-"+hostile), jsonString(hostile+"\nx"), jsonString("other"+hostile), jsonString("https://"+host+"/"+hostile))))
	u.put(".config/containers/auth.json", []byte(`{"credHelpers": {`+jsonString(hostile)+`: 5}}`))
	u.put("Dockerfile."+hostile+"\n"+host+"  added", []byte("FROM "+host+"/app\n"))
	u.put("compose.yaml", []byte("image: "+host+"/"+hostile+"\n"))
}

// runHostile runs every command with hostile input and checks what it prints.
func (u *user) runHostile(s *ecrtest.Server) {
	u.t.Helper()
	const west = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
	h := jsonString(hostile)
	request := func(r kubeletRequestJSON) string { return requestText(u.t, kubeletV1, r) }
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{host, []string{"get"}},
		{west, []string{"get"}},
		{hostile + "\nx", []string{"get"}},
		{host + "/" + hostile, []string{"get"}},
		{"", []string{"get", hostile}},
		{`{"ServerURL":` + h + `,"Username":` + h + `,"Secret":"x"}`, []string{"store"}},
		{`{"ServerURL":"` + host + `","Username":` + h + `,"Secret":"x"}`, []string{"store"}},
		{hostile, []string{"store"}},
		{hostile, []string{"erase"}},
		{"", []string{"list"}},
		{"", []string{"version", hostile}},
		{request(accountRequest(s, "shop"+hostile+":web", "arn:aws:iam::123456789012:role/"+hostile)), []string{"kubelet"}},
		{request(kubeletRequestJSON{Image: host + "/app", ServiceAccountToken: unsignedToken(accountPrefix+"shop:"+hostile, `{}`)}), []string{"kubelet"}},
		{request(kubeletRequestJSON{Image: hostile}), []string{"kubelet"}},
		{`{"kind":` + h + `}`, []string{"kubelet"}},
		{hostile, []string{"kubelet"}},
		{"", []string{"kubelet", hostile}},
		{"", []string{hostile}},
		{"", []string{"help", hostile}},
		{"", []string{"--" + hostile}},
		{"", []string{"refresh", "--" + hostile}},
		{"", []string{"explain", host}},
		{"", []string{"explain", hostile}},
		{"", []string{"explain", host + "/" + hostile}},
		{"", []string{"explain", "--profile", hostile, host}},
		{"", []string{"explain", "--json", host}},
		{"", []string{"header", hostile}},
		{"", []string{"header", west}},
		{"", []string{"header", hostile, hostile}},
		{"", []string{"get-login-password", "--region", hostile}},
		{"", []string{"get-login-password", "--profile", hostile, "--region", "us-west-2"}},
		{"", []string{"get-login-password", "--endpoint-url", hostile}},
		{"", []string{"refresh"}},
		{"", []string{"refresh", hostile, west}},
		{"", []string{"refresh", "--json"}},
		{"", []string{"refresh", "--watch", hostile}},
		{"", []string{"cache", "ls"}},
		{"", []string{"cache", "ls", "--json"}},
		{"", []string{"cache", "clear", hostile}},
		{"", []string{"cache", hostile}},
		{"", []string{"doctor"}},
		{"", []string{"doctor", host + "/" + hostile}},
		{"", []string{"doctor", hostile}},
		{"", []string{"doctor", "--json"}},
		{"", []string{"configure"}},
		{"", []string{"configure", "--dry-run"}},
		{"", []string{"configure", "--yes"}},
		{"", []string{"configure", hostile}},
		{"", []string{"configure", "--profile", hostile, host}},
		{"", []string{"configure", "--podman", host}},
		{"", []string{"configure", "--json", host}},
		{"", []string{"unconfigure", "--dry-run"}},
		{"", []string{"unconfigure", hostile}},
		{"", []string{"unconfigure"}},
		{"", []string{"completion", hostile}},
		{"", []string{"__complete", "refresh", ""}},
		{"", []string{"__complete", "get-login-password", "--profile", ""}},
		{"", []string{"__complete", "unconfigure", ""}},
	} {
		u.putHostileFiles()
		a := u.run(c.stdin, c.args...)
		for _, text := range []string{a.stdout, a.stderr} {
			wantPrintable(u.t, fmt.Sprintf("%q (%q)", c.args, c.stdin), text)
		}
	}
}

// wantPrintable fails when a text has a control or format character other than a newline, or a
// forged line.
func wantPrintable(t testing.TB, call, text string) {
	t.Helper()
	if strings.Contains("\n"+text, "\nforged: ") {
		t.Errorf("%s prints a forged line:\n%s", call, text)
	}
	for _, r := range strings.ReplaceAll(text, "\t", "") { // completions separate their columns with tabs
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
			t.Errorf("%s prints %U:\n%q", call, r, text)
			return
		}
	}
}
