package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const unitsDir = "../../packaging/systemd"

// readUnit returns the values of a unit file by section and key, in their order.
func readUnit(t *testing.T, text string) map[string][]string {
	t.Helper()
	unit := map[string][]string{}
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			section = strings.Trim(line, "[]") + "."
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || section == "" || key != strings.TrimSpace(key) {
			t.Fatalf("not a line of a unit: %q", line)
		}
		unit[section+key] = append(unit[section+key], value)
	}
	return unit
}

// The units run existing commands of the program, and the timer has its service beside it.
func TestSystemdUnits(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(unitsDir), "*", "*"))
	if err != nil || len(files) != 6 {
		t.Fatalf("units: %q, %v; want two services and a timer, for users and for the system", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unit := readUnit(t, string(text))
		if filepath.Ext(file) == ".timer" {
			if _, err := os.Stat(strings.TrimSuffix(file, ".timer") + ".service"); err != nil || len(unit["Timer.OnUnitActiveSec"]) != 1 {
				t.Errorf("%s: %v: %v", file, err, unit)
			}
			continue
		}
		call := unit["Service.ExecStart"]
		if len(call) != 1 {
			t.Fatalf("%s starts %q", file, call)
		}
		words := strings.Fields(call[0])
		c, rest, err := newRoot(&process{}).Find(words[1:])
		if err != nil || words[0] != "/usr/local/bin/"+program || c.Name() != "refresh" {
			t.Errorf("%s starts %q, which is not a command: %v", file, call[0], err)
		} else if err := c.ParseFlags(rest); err != nil {
			t.Errorf("%s starts %q: %v", file, call[0], err)
		}
		if len(unit["Service.CacheDirectory"]) > 0 {
			t.Errorf("%s has its own cache, which docker pull does not use", file)
		}
		for _, key := range []string{"NoNewPrivileges", "SystemCallFilter", "RestrictAddressFamilies"} {
			if len(unit["Service."+key]) == 0 {
				t.Errorf("%s lacks %s", file, key)
			}
		}
	}
}

// systemd-analyze, if installed, reports no problem.
func TestSystemdVerifies(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd here")
	}
	for _, where := range []string{"user", "system"} {
		dir := t.TempDir()
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(unitsDir), where, "*"))
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"verify", "--man=no"}
		if where == "user" {
			args = append(args, "--user")
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(dir, filepath.Base(file))
			text = []byte(strings.ReplaceAll(string(text), "/usr/local/bin/"+program, helper))
			if err := os.WriteFile(copied, text, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, copied)
		}
		cmd := exec.Command(analyze, args...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "ecr-login") {
			t.Errorf("%s: %v\n%s", where, err, out)
		}
	}
}
