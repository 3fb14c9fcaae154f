//go:build e2e && linux

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var (
	helperPath  = flag.String("helper", "../../bin/docker-credential-ecr-login", "the credential helper under test")
	ecrtestPath = flag.String("ecrtest", "../../bin/ecrtest", "the command ecrtest")
	clientsPath = flag.String("clients", "../../bin/clients", "directory with clients that are not on the machine's PATH")
)

// skipReason says what is missing on this machine. When it is set, every test skips with it.
var skipReason string

// The test binary runs three times, one inside the other: started by go test, as process 1 of the
// namespaces, and to run the tests. stageVariable names the stage of a process.
const (
	stageVariable = "ECR_E2E_STAGE"
	stageFirst    = "process 1"
	stageTests    = "tests"
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(stage(m))
}

func stage(m *testing.M) int {
	var err error
	switch os.Getenv(stageVariable) {
	case "":
		var code int
		if code, err = startNamespaces(); err == nil {
			return code
		}
	case stageFirst:
		if err = makePrivateMachine(); err == nil {
			return superviseTests()
		}
	case stageTests:
		if err = locate(); err != nil {
			fmt.Fprintf(os.Stderr, "e2e: %v\n", err)
			return 1
		}
		code := m.Run()
		stopDaemons()
		if *docsPath != "" {
			if err := writeDocs(*docsPath); err != nil {
				fmt.Fprintf(os.Stderr, "e2e: %v\n", err)
				return 1
			}
		}
		return code
	}
	skipReason = fmt.Sprintf("the end-to-end tests cannot run here: %v", err)
	fmt.Fprintf(os.Stderr, "e2e: %s\n", skipReason)
	return m.Run()
}

// startNamespaces runs the tests in namespaces of their own and returns their exit code. An error
// means that the namespaces cannot be created.
func startNamespaces() (int, error) {
	if os.Geteuid() != 0 {
		return 0, fmt.Errorf("they need root (user id 0) for namespaces and mounts, this is user id %d", os.Geteuid())
	}
	removeControlGroups() // of a run that was killed
	before := machineState()
	// Pdeathsig is about the thread that started the child, so this thread must not end.
	runtime.LockOSThread()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, os.Stdout, os.Stderr
	cmd.Env = stageEnvironment(stageFirst)
	cmd.SysProcAttr = namespaces()
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("the kernel refuses new namespaces (mount, network, pid, ipc): %w", err)
	}
	cmd.Wait()
	removeControlGroups()
	if after := machineState(); after != before {
		fmt.Fprintf(os.Stderr, "e2e: the tests changed the machine; before:\n%s\nafter:\n%s\n", before, after)
		return 1, nil
	}
	return cmd.ProcessState.ExitCode() & 0xff, nil
}

// stageEnvironment returns the environment of the next stage: without proxies, AWS settings and CA
// bundles.
func stageEnvironment(next string) []string {
	return []string{stageVariable + "=" + next, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + privateDir, "HOME=" + privateDir}
}

// locate makes the paths absolute and adds the clients' directory, and those of system programs, to
// PATH.
func locate() error {
	for _, path := range []*string{helperPath, ecrtestPath, clientsPath, docsPath, picturePath} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return err
		}
		*path = absolute
	}
	if err := copyHelper(); err != nil {
		return fmt.Errorf("the helper is missing, run make first: %w", err)
	}
	path := []string{*clientsPath, os.Getenv("PATH"), "/usr/local/sbin", "/usr/sbin", "/sbin"}
	return os.Setenv("PATH", strings.Join(path, string(os.PathListSeparator)))
}

// copyHelper copies the helper to where users other than root can run it, which is not always true
// of the checkout.
func copyHelper() error {
	content, err := os.ReadFile(*helperPath)
	if err != nil {
		return err
	}
	*helperPath = filepath.Join(privateDir, "helper")
	return os.WriteFile(*helperPath, content, 0o755)
}
