package main

import (
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The scenes, as results, tables and charts name them.
const (
	staticKeys = "static keys"
	withBundle = "AWS_CA_BUNDLE set"
	overHTTP   = "http"
	overHTTPS  = "https"
)

// sources are the sources of credentials, with their names in the tables. All are compared with the
// first.
var sources = []struct {
	name   string
	source ecrtest.Source
}{
	{staticKeys, ecrtest.FromEnvironment},
	{"role", ecrtest.FromRole},
	{"SSO", ecrtest.FromSSO},
	{"process", ecrtest.FromProcess},
	{"container", ecrtest.FromECS},
	{"EC2", ecrtest.FromEC2},
}

var (
	entryCounts  = []int{1, 100, 1_000, 10_000}
	volleyCounts = []int{1, 10, 100}
)

// latency is the time that the fake API takes to answer a cold get.
const (
	latency   = 100 * time.Millisecond
	latencyMS = float64(latency) / float64(time.Millisecond)
)

// results holds all measurements. The document is written from it.
type results struct {
	Date     time.Time
	Machine  machine
	Runs     int
	Programs []listed
	Peers    []string // their IDs in the order of the flags; the targets are about the first
	Bundle   string   // the file in AWS_CA_BUNDLE

	Warm         measurement // programs, and staticKeys or withBundle
	Sources      measurement // those of sources
	Entries      measurement // entryScene
	EntriesNoted string      // why the peer is missing in Entries, or ""
	Cold         measurement // overHTTP and overHTTPS
	CLI          measurement // a cold get against the AWS command line
	CLIMissing   string      // why CLI is empty, or ""
	ParallelWarm volleys
	ParallelCold volleys
	Costs        []cost // for the programs and scenes of Warm
	Size         size
	ParseNanos   figure // registry.Parse, per call
	ParseAllocs  figure
}

// listed is a program in the list of compared programs.
type listed struct{ ID, Name, Details string }

// cost returns the cost of a program in a scene, or nil when it was not counted.
func (r *results) cost(program, scene string) *cost {
	for i := range r.Costs {
		if r.Costs[i].Program == program && r.Costs[i].Scene == scene {
			return &r.Costs[i]
		}
	}
	return nil
}
