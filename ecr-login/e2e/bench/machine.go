package main

import (
	"os"
	"runtime"
	"strings"
)

// machine describes the machine of a benchmark.
type machine struct {
	CPU     string
	Cores   int
	Virtual bool // a virtual machine, where page faults cost more
	Kernel  string
	Go      string
	Load    string // load average of the last minute, at the start
}

// thisMachine describes this machine. Fields that the system does not report stay empty.
func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), Kernel: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	m.CPU, m.Virtual = parseCPU(text("/proc/cpuinfo"))
	if release := text("/proc/sys/kernel/osrelease"); release != "" {
		m.Kernel = "Linux " + release + " " + runtime.GOARCH
	}
	m.Load, _, _ = strings.Cut(text("/proc/loadavg"), " ")
	return m
}

func text(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// parseCPU returns the model and the hypervisor flag of the first processor in /proc/cpuinfo.
func parseCPU(info string) (model string, virtual bool) {
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "model name":
			if model == "" {
				model = value
			}
		case "flags":
			for _, flag := range strings.Fields(value) {
				virtual = virtual || flag == "hypervisor"
			}
		}
	}
	return model, virtual
}
