//go:build e2e && linux

package e2e

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// onTerminal runs a command on a terminal. When the terminal shows prompt, the user types answer and
// Enter. It returns everything that the terminal received.
func onTerminal(cmd *exec.Cmd, columns uint16, prompt, answer string, limit time.Duration) (received string, err error) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer master.Close()
	n, err := unix.IoctlGetUint32(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		return "", err
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return "", err
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.FormatUint(uint64(n), 10), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return "", err
	}
	defer slave.Close()
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: columns}); err != nil {
		return "", err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	if err := cmd.Start(); err != nil {
		return "", err
	}
	slave.Close()
	stop := time.AfterFunc(limit, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop.Stop()
	var screen strings.Builder
	buffer := make([]byte, 4096)
	for typed := false; ; {
		if !typed && strings.Contains(screen.String(), prompt) {
			typed = true
			if _, err := io.WriteString(master, answer+"\n"); err != nil {
				return screen.String(), err
			}
		}
		n, err := master.Read(buffer)
		screen.Write(buffer[:n])
		// It ends with EIO when no process has the terminal open any more.
		if errors.Is(err, syscall.EIO) || errors.Is(err, io.EOF) {
			return screen.String(), cmd.Wait()
		}
		if err != nil {
			return screen.String(), err
		}
	}
}

// A cell is a character on the screen with the number of its colour, or 0.
type cell struct {
	r      rune
	colour int
}

// A screen is what a terminal shows. It understands what docker and the program write: carriage
// return, moving up and down, erasing in a line, and colours.
type screen struct {
	lines    [][]cell
	row, col int
	colour   int
}

func (s *screen) write(received string) {
	for len(received) > 0 {
		if rest, ok := strings.CutPrefix(received, "\x1b["); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r >= '@' })
			if end < 0 {
				return
			}
			s.control(rest[:end], rest[end])
			received = rest[end+1:]
			continue
		}
		for _, r := range received {
			s.put(r)
			received = received[len(string(r)):]
			break
		}
	}
}

func (s *screen) put(r rune) {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	switch {
	case r == '\r':
		s.col = 0
	case r == '\n':
		s.row++
	case r >= ' ':
		line := s.lines[s.row]
		for len(line) <= s.col {
			line = append(line, cell{r: ' '})
		}
		line[s.col] = cell{r, s.colour}
		s.lines[s.row] = line
		s.col++
	}
}

func (s *screen) control(parameters string, final byte) {
	n, _ := strconv.Atoi(parameters)
	switch final {
	case 'A':
		s.row = max(0, s.row-max(1, n))
	case 'B':
		s.row += max(1, n)
	case 'm':
		s.colour = n
	case 'K':
		if s.row < len(s.lines) {
			s.lines[s.row] = s.lines[s.row][:min(len(s.lines[s.row]), s.col)]
			if n == 2 {
				s.lines[s.row] = nil
			}
		}
	}
}
