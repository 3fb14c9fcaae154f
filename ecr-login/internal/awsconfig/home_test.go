package awsconfig

import "testing"

func TestHomeOf(t *testing.T) {
	t.Parallel()
	const passwd = "# users\n" +
		"root:x:0:0:root:/root:/bin/sh\n" +
		"short:x:7\n" +
		"\n" +
		"#ann:x:1000:1000::/wrong:/bin/sh\n" +
		"ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n" +
		"ann2:x:1000:1000::/home/second:/bin/sh\n" +
		"last:x:12:12::/last"
	for uid, want := range map[int]string{
		0: "/root", 1000: "/home/ann", 12: "/last",
		7:   "", // its line is too short
		100: "", // the start of another number
		-1:  "", // on Windows
	} {
		if got := homeOf(passwd, uid); got != want {
			t.Errorf("home of %d: %q, want %q", uid, got, want)
		}
	}
}
