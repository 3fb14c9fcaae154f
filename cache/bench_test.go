package cache

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"
)

// benchValue has the size of an ECR token.
var benchValue = bytes.Repeat([]byte("x"), 2714)

func benchmarkHit(b *testing.B, d *Disk) {
	e := halfDay("", time.Now())
	e.Value = benchValue
	mustPut(b, d, "k", e)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Get("k"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHit measures a hit with the default settings: the directory comes from the environment
// and the sealing key from the system's key store.
func BenchmarkHit(b *testing.B) {
	d := newDisk(b, func(o *Options) {
		o.Environ = environ("HOME", filepath.Dir(o.Dir))
		o.Dir = ""
	})
	d.keyStores = nil
	d.keyDescription = newDescription(b)
	benchmarkHit(b, d)
}

func BenchmarkHitKeyFile(b *testing.B) {
	benchmarkHit(b, newFileKeyDisk(b))
}

func BenchmarkHitWith10000Entries(b *testing.B) {
	d := newDisk(b)
	mustPut(b, d, "k", halfDay("v", time.Now()))
	createEntryFiles(b, filepath.Join(d.options.Dir, entriesDir), 9_999, time.Now().Add(time.Hour))
	benchmarkHit(b, d)
}

func BenchmarkMiss(b *testing.B) {
	d := newDisk(b)
	mustPut(b, d, "k", halfDay("v", time.Now()))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := d.Get("another"); err == nil {
			b.Fatal("hit")
		}
	}
}

func BenchmarkPut(b *testing.B) {
	d := newDisk(b)
	e := halfDay("", time.Now())
	e.Value = benchValue
	b.ReportAllocs()
	for b.Loop() {
		mustPut(b, d, "k", e)
	}
}

func BenchmarkAddKnownHost(b *testing.B) {
	d := newDisk(b)
	d.AddHost("host.example")
	b.ReportAllocs()
	for b.Loop() {
		d.AddHost("host.example")
	}
}

func BenchmarkCleanupOf10000Entries(b *testing.B) {
	h := newFakeClock()
	d := newDisk(b, at(h))
	mustPut(b, d, "k", halfDay("v", h.wall))
	for b.Loop() {
		b.StopTimer()
		createEntryFiles(b, filepath.Join(d.options.Dir, entriesDir), 9_990, h.clock().now().Add(-time.Hour))
		h.advance(cleanupInterval)
		b.StartTimer()
		mustPut(b, d, "k", halfDay("v", h.clock().now()))
	}
}
