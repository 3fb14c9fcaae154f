package environ_test

import (
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/environ"
)

func TestGet(t *testing.T) {
	t.Setenv("ECR_LOGIN_TEST", "process")
	given := environ.Lookup(func(name string) (string, bool) { return "given " + name, true })
	unset := environ.Lookup(func(string) (string, bool) { return "", false })
	for _, c := range []struct {
		lookup environ.Lookup
		want   string
	}{{nil, "process"}, {given, "given ECR_LOGIN_TEST"}, {unset, ""}} {
		if got := environ.Get(c.lookup, "ECR_LOGIN_TEST"); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if _, set := environ.Lookup(nil).Lookup("ECR_LOGIN_TEST"); !set {
		t.Error("the process's variable is reported as not set")
	}
}
