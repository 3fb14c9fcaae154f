//go:build e2e && linux

package e2e

import (
	"context"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// docs/picture.svg shows a session in a terminal, the first one of a user. `make picture` writes it.

var picturePath = flag.String("picture", "", "write the picture of a session to this file (docs/picture.svg)")

const (
	pictureFile    = "../../docs/picture.svg"
	pictureColumns = 120
	pictureUser    = "ann"
	pictureUserID  = 1500
)

// session are the commands in the picture.
var session = []string{
	"ecr-login configure",
	"docker pull " + docsHost + "/app:1",
	"ecr-login doctor",
}

// TestPicture runs the session, and compares the picture of it with the one in the documentation.
func TestPicture(t *testing.T) {
	var terminal screen
	a := newPictureUser(t)
	for i, command := range session {
		if i > 0 {
			terminal.write("\r\n")
		}
		terminal.write("$ " + command + "\r\n" + a.run(t, command))
	}
	picture := svg(normal(terminal.lines, a.version))
	if *picturePath != "" {
		if err := os.WriteFile(*picturePath, []byte(picture), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	stored, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(stored) != picture {
		t.Errorf("docs/picture.svg does not show what the commands print now: run make picture. They print:\n%s", textOf(t, picture))
	}
}

// An artist is a user without the rights of root, on a machine with the engine's socket in its
// usual place.
type artist struct {
	home    string
	version string // of the program
}

func newPictureUser(t *testing.T) artist {
	t.Helper()
	r := newReader(t)
	a := artist{home: "/home/" + pictureUser}
	a.version = strings.Fields(r.must("", "docker-credential-ecr-login", "version").stdout)[2]
	socket := needEngine(t).socket
	withKey(r)
	for _, command := range [][]string{
		{"useradd", "--uid", strconv.Itoa(pictureUserID), "--create-home", pictureUser},
		{"cp", "-r", r.path(".aws"), a.home},
		{"chown", "-R", pictureUser + ":", a.home},
		{"chmod", "755", socket[:strings.LastIndex(socket, "/")]},
		{"chmod", "666", socket},
		{"ln", "-s", socket, "/run/docker.sock"},
	} {
		r.must("", command[0], command[1:]...)
	}
	t.Cleanup(func() {
		r.must("", "rm", "/run/docker.sock")
		r.must("", "userdel", "--force", "--remove", pictureUser) // podman leaves a process
	})
	return a
}

// run runs a command in the terminal and returns what the terminal receives.
func (a artist) run(t *testing.T, command string) string {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "bash", "-c", command)
	cmd.Dir = a.home
	cmd.Env = []string{"HOME=" + a.home, "USER=" + pictureUser, "PATH=/usr/local/bin:" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=xterm"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: pictureUserID, Gid: pictureUserID}}
	received, err := onTerminal(cmd, pictureColumns, "[Y/n]", "y", commandLimit)
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, received)
	}
	return received
}

// variable are parts of the output that differ between machines and runs, and their replacements.
var variable = []struct{ pattern, text string }{
	{`[0-9a-f]{64}`, strings.Repeat("0123456789abcdef", 4)},
	{`^[0-9a-f]{12}: `, "0123456789ab: "},
	{`\b1[12]h\d\dm`, "12h00m"},
}

// normal returns the lines without what differs between machines and runs.
func normal(lines [][]cell, version string) [][]cell {
	var all [][]cell
	for _, line := range lines {
		text := textLine(line)
		changed := strings.Replace(text, version, "v0.1.0", 1)
		for _, v := range variable {
			changed = regexp.MustCompile(v.pattern).ReplaceAllString(changed, v.text)
		}
		if changed != text { // these parts have no colour of their own
			start := 0
			for start < len(line) && line[start].colour != 0 {
				start++
			}
			line = append([]cell{}, line[:start]...)
			for _, r := range []rune(changed)[start:] {
				line = append(line, cell{r: r})
			}
		}
		all = append(all, line)
	}
	return all
}

func textLine(line []cell) string {
	var b strings.Builder
	for _, c := range line {
		b.WriteRune(c.r)
	}
	return strings.TrimRight(b.String(), " ")
}

// The size of a character and of the margin in the picture, in pixels.
const (
	charWidth  = 8.4
	lineHeight = 20
	margin     = 20
)

// colours are those of the terminal's numbers.
var colours = map[int]string{31: "#ff7b72", 32: "#7ee787", 33: "#e3b341"}

// svg returns a picture of the lines. Each run of characters with one colour has the width that
// these have in a font with fixed width, whichever font the reader has.
func svg(lines [][]cell) string {
	var b strings.Builder
	width, height := float64(2*margin)+pictureColumns*charWidth, 2*margin+lineHeight*len(lines)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" role="img">`+"\n", width, height, width, height)
	b.WriteString("<title>A session in a terminal</title>\n" +
		`<rect width="100%" height="100%" rx="8" fill="#0d1117"/>` + "\n" +
		`<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#e6edf3" xml:space="preserve">` + "\n")
	for i, line := range lines {
		for start := 0; start < len(line); {
			end := start
			var run []rune
			for ; end < len(line) && line[end].colour == line[start].colour; end++ {
				run = append(run, line[end].r)
			}
			colour := ""
			if c, ok := colours[line[start].colour]; ok {
				colour = fmt.Sprintf(` fill="%s"`, c)
			} else if strings.HasPrefix(string(run), "$ ") {
				colour = ` font-weight="bold"`
			}
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f"%s>`, margin+charWidth*float64(start), margin+lineHeight*i+15, charWidth*float64(end-start), colour)
			xml.EscapeText(&b, []byte(string(run)))
			b.WriteString("</text>\n")
			start = end
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// textOf returns the text in a picture.
func textOf(t *testing.T, picture string) string {
	t.Helper()
	var parsed struct {
		Text []struct {
			Y    string `xml:"y,attr"`
			Text string `xml:",chardata"`
		} `xml:"g>text"`
	}
	if err := xml.Unmarshal([]byte(picture), &parsed); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, line := range parsed.Text {
		if i > 0 && line.Y != parsed.Text[i-1].Y {
			b.WriteString("\n")
		}
		b.WriteString(line.Text)
	}
	return b.String()
}
