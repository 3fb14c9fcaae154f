//go:build !linux

package main

import "fmt"

// memory can be told on Linux alone.
func (b *bench) memory(contender) ([]float64, error) {
	return nil, fmt.Errorf("%w: only Linux tells the peak of one process", errMissing)
}
