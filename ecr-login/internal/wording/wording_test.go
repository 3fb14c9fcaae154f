package wording_test

import (
	"strings"
	"testing"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/wording"
)

func TestEverySourceHasText(t *testing.T) {
	t.Parallel()
	seen := map[string]awsconfig.Kind{}
	for _, kind := range awsconfig.Kinds() {
		text := wording.Source(kind, "", false)
		if text == string(kind) || text == "" {
			t.Errorf("%s has no text", kind)
		}
		if other, ok := seen[text]; ok {
			t.Errorf("%s and %s have the same text", kind, other)
		}
		seen[text] = kind
		if role := wording.Source(kind, "", true); !strings.HasSuffix(role, text) || role == text {
			t.Errorf("%s with a role: %q", kind, role)
		}
	}
	if got := wording.Source(awsconfig.SSO, "my profile", true); got != `role assumed with SSO session of profile "my profile"` {
		t.Errorf("%q", got)
	}
}
