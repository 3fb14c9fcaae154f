//go:build e2e && linux

// Package awscli compares how the credential helper and the AWS CLI find credentials: both run with
// the same environment and files against the same fake AWS, and the same access keys must sign.
package awscli

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

var (
	helperPath = flag.String("helper", "../../../bin/docker-credential-ecr-login", "the credential helper under test")
	awsPath    = flag.String("aws", "/usr/bin/aws", "the AWS CLI, of Debian's package awscli")
	document   = flag.String("document", "../../../docs/aws-credentials.md", "the page with the table")
	update     = flag.Bool("update", false, "write the table into the page")
)

// host is the registry whose token is compared.
const host = ecrtest.Account + ".dkr.ecr." + ecrtest.Region + ".amazonaws.com"

func TestSameKeysAsTheAWSCLI(t *testing.T) {
	t.Parallel()
	helper, err := filepath.Abs(*helperPath)
	if err != nil {
		t.Fatal(err)
	}
	version, err := exec.Command(*awsPath, "--version").Output()
	if err != nil {
		t.Fatalf("the AWS CLI is missing, install Debian's package awscli: %v", err)
	}
	all := setups()
	if len(all) < 80 {
		t.Fatalf("only %d setups", len(all))
	}
	rows := make([]string, len(all))
	t.Run("setups", func(t *testing.T) {
		for i, s := range all {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				rows[i] = compare(t, s, helper)
			})
		}
	})
	if t.Failed() || slices.Contains(rows, "") {
		return // a setup failed, or -run selected some
	}
	checkDocument(t, strings.Fields(string(version))[0], rows)
}

// compare runs both programs with the setup and returns the row of the table.
func compare(t *testing.T, s setup, helper string) string {
	w := newWorld(t)
	env := w.build(s)
	cli := []string{*awsPath, "ecr", "get-login-password"}
	program := helper
	if s.profile != "" {
		cli = append(cli, "--profile", s.profile)
		program = filepath.Join(t.TempDir(), "docker-credential-ecr-login-"+strings.ReplaceAll(s.profile, " ", "+"))
		if err := os.Symlink(helper, program); err != nil {
			t.Fatal(err)
		}
	}
	theirs := w.run(append(env, "AWS_MAX_ATTEMPTS=1"), "", cli...)
	var ours result
	settings := "ECR_LOGIN_CONFIG=/dev/null"
	if strings.Contains(s.profile, " ") { // the name of a program cannot have a blank: a rule has the profile
		settings = "ECR_LOGIN_CONFIG=" + w.write("settings.toml", fmt.Sprintf("[[registry]]\nmatch = %q\nprofile = %q\n", host, s.profile))
		program = helper
	}
	ours = w.run(append(env, settings, "AWS_ECR_DISABLE_CACHE=1", "AWS_MAX_ATTEMPTS=1"), host, program, "get")

	outcome := func(r result) string {
		if r.signed == "" {
			return "fails"
		}
		return short(r.signed)
	}
	result := "same keys"
	switch {
	case theirs.signed == "" && ours.signed == "":
		result = "both fail"
	case theirs.signed == ours.signed:
	case theirs.signed != "" && ours.signed != "":
		t.Fatalf("the AWS CLI signs as %q, the helper as %q", theirs.signed, ours.signed)
	case s.differs == "":
		t.Fatalf("AWS CLI: %q, %s\nhelper: %q, %s", theirs.signed, theirs.output, ours.signed, ours.output)
	default:
		result = s.differs
	}
	if (result == s.differs) != (s.differs != "") {
		t.Fatalf("the setup lists the difference %q, but the programs agree: %s, %s", s.differs, theirs.output, ours.output)
	}
	if testing.Verbose() {
		t.Logf("%s; AWS CLI: %s; helper: %s", result, tail(theirs.output), tail(ours.output))
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", s.name, outcome(theirs), outcome(ours), result)
}

// tail returns the end of an output without its token.
func tail(s string) string {
	if len(s) > 1000 {
		return "a token"
	}
	return strings.ReplaceAll(s, "\n", " ")
}

// short returns the calls without what is the same in every row.
func short(signed string) string {
	return strings.NewReplacer("arn:aws:iam::"+ecrtest.Account+":", "", "arn:aws:sts::"+ecrtest.Account+":", "",
		"ecr:GetAuthorizationToken by ", "", "sts:", "", "sso:", "", "by , ", "", ", ", ", then ").Replace(signed)
}

var documentLock sync.Mutex

const (
	tableStart = "<!-- table of setups: written by make aws-cli-update -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

// checkDocument compares the table with the one in the page, or writes it there.
func checkDocument(t *testing.T, version string, rows []string) {
	documentLock.Lock()
	defer documentLock.Unlock()
	page, err := os.ReadFile(*document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), tableStart)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", *document)
	}
	differ := 0
	for _, row := range rows {
		if !strings.HasSuffix(row, "| same keys |") && !strings.HasSuffix(row, "| both fail |") {
			differ++
		}
	}
	table := fmt.Sprintf("\n%d setups with %s: %d differ.\n\n| Setup | AWS CLI signs as | Helper signs as | Result |\n|---|---|---|---|\n%s\n\n",
		len(rows), version, differ, strings.Join(rows, "\n"))
	want := before + tableStart + table + tableEnd + after
	if want == string(page) {
		return
	}
	if !*update {
		t.Fatalf("the table in %s is not up to date: run make aws-cli-update", *document)
	}
	if err := os.WriteFile(*document, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
