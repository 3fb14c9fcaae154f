package process

import (
	"bytes"
	"os"
	"strconv"
)

// parents returns the parent of each process.
func parents() map[int]int {
	all := map[int]int{}
	directory, err := os.Open("/proc")
	if err != nil {
		return all
	}
	defer directory.Close()
	names, _ := directory.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		// proc(5): "PID (NAME) STATE PARENT ...", where NAME may contain anything.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(string(fields[1])); err == nil {
			all[pid] = parent
		}
	}
	return all
}
