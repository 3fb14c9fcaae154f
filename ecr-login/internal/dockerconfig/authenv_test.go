package dockerconfig

import (
	"maps"
	"strings"
	"testing"
)

func TestParseAuthVariable(t *testing.T) {
	t.Parallel()
	const login = "dXNlcjpub3QtYS1zZWNyZXQ=" // user:not-a-secret
	for value, want := range map[string]map[string]string{
		`{}`:            {},
		`null`:          {},
		`{"auths": {}}`: {},
		`{"auths": {"h": {"auth": "` + login + `"}, "https://h/v1/": {"auth": "` + login + `"}}}`: {"h": login, "https://h/v1/": login},
		`{"AUTHS": {"h": {"Auth": "` + login + `"}}}`:                                             {"h": login},
	} {
		if got, err := ParseAuthVariable(value); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", value, got, err, want)
		}
	}
	for _, value := range []string{
		`{`, `[]`, `"x"`, `{} {}`, `{"auths": []}`, `{"auths": {"h": {}}}`, `{"auths": {"h": {"auth": ""}}}`, `{"auths": {"h": {"auth": "?"}}}`,
		`{"auths": {"h": {"auth": "dXNlcg=="}}}`,     // no colon
		`{"auths": {"h": {"auth": "OnNlY3JldA=="}}}`, // no user
		`{"credHelpers": {"h": "ecr-login"}}`, `{"credsStore": "pass"}`, `{"auths": {"h": {"username": "u", "password": "not-a-secret"}}}`,
		`{"auths": {"https://u:not-a-secret@h": {"auth": "not-a-secret"}}}`,
	} {
		if got, err := ParseAuthVariable(value); err == nil {
			t.Errorf("%s: %v, want an error", value, got)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error has the password: %v", value, err)
		}
	}
}
