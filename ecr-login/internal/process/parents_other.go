//go:build unix && !linux && !darwin

package process

// parents returns nothing: only the command and its process group are ended.
func parents() map[int]int { return nil }
