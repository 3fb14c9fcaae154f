package process

import (
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

// tree is a job object with a running command and its descendants.
type tree struct{ job windows.Handle }

func start(cmd *exec.Cmd, _ bool) (tree, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return tree{}, err
	}
	t := tree{job}
	if err := cmd.Start(); err != nil {
		t.close()
		return tree{}, err
	}
	const rights = windows.PROCESS_SET_QUOTA | windows.PROCESS_TERMINATE
	process, err := windows.OpenProcess(rights, false, uint32(cmd.Process.Pid))
	if err == nil {
		err = windows.AssignProcessToJobObject(job, process)
		windows.CloseHandle(process)
	}
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.close()
		return tree{}, err
	}
	return t, nil
}

// hasTerminal is not used: there are no process groups.
func hasTerminal() bool { return false }

func (t tree) kill() { windows.TerminateJobObject(t.job, 1) }

// catchSignals, release and endBy are not used: there are no process groups that a signal misses.
func catchSignals() chan os.Signal { return nil }

func release(chan os.Signal) {}

func endBy(os.Signal) {}

func (t tree) close() { windows.CloseHandle(t.job) }
