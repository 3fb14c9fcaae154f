package doctor

import "testing"

func TestPutOnPath(t *testing.T) {
	t.Parallel()
	const name = "docker-credential-ecr-login"
	for _, test := range []struct{ goos, self, want string }{
		{"linux", "/home/me/bin/" + name, "ln -s /home/me/bin/" + name + " /usr/local/bin/" + name + ", or another directory of PATH"},
		{"windows", `C:\Users\me\bin\Docker-Credential-ECR-login.EXE`, `add this directory to PATH: C:\Users\me\bin`},
		{"windows", `C:\Users\me\ecr-login.exe`, `copy C:\Users\me\ecr-login.exe to a directory of PATH, as ` + name + ".exe"},
	} {
		if got := putOnPath(test.goos, test.self, name); got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.goos, test.self, got, test.want)
		}
	}
}
