package dockerconfig

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// AuthVariable is the environment variable with logins for the docker CLI 28.3 and newer. A login
// in it comes before credential helpers and before config.json.
const AuthVariable = "DOCKER_AUTH_CONFIG"

// ParseAuthVariable returns the logins in a value of AuthVariable: by registry, the text of the
// auth field, which is base64. Keys must match the registry exactly. An error means that docker
// ignores the whole value and prints a warning for each command; helpers in it are such an error.
//
// The rules are those of parseEnvConfig in docker/cli (cli/config/configfile/file.go, v29.7.2).
func ParseAuthVariable(value string) (map[string]string, error) {
	var v struct {
		Auths map[string]struct {
			Auth string `json:"auth"`
		} `json:"auths"`
	}
	d := json.NewDecoder(strings.NewReader(value))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("only auths are allowed: %w", err)
	}
	if d.More() {
		return nil, errors.New("more than one JSON object")
	}
	logins := make(map[string]string, len(v.Auths))
	for registry, entry := range v.Auths {
		if user, ok := decodeUser(entry.Auth); !ok || user == "" {
			return nil, fmt.Errorf("the login of %q cannot be decoded", redact.UserInfo(registry))
		}
		logins[registry] = entry.Auth
	}
	return logins, nil
}
