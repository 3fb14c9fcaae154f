package main

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The account of the credentials may be in a partition that only the settings know.
func TestFindKnowsThePartitionsOfTheSettings(t *testing.T) {
	t.Parallel()
	s := ecrtest.New(t)
	home := s.Home(t.TempDir())
	home.Region = "xx-test-1"
	home.Keys("default", s.AddUser("arn:aws-test:iam::111122223333:user/build"))
	u := newUser(t, home.Dir, home.Env("AWS_PROFILE=default")).settings("[[partitions]]\nsuffix = \"amazonaws.example\"\npartition = \"aws-test\"\n")
	a := u.run("", "configure", "--dry-run")
	if want := "111122223333.dkr.ecr.xx-test-1.amazonaws.example  default credentials  account of the AWS credentials\n"; a.code != 0 || !strings.Contains(a.stdout, want) {
		t.Errorf("%v\nwant %s", a, want)
	}
}
