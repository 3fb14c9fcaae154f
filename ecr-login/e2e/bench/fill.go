package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// fill brings a warm cache to n entries. The first is the real one. The others are like it in size
// and form, and are written under other keys by the code that a get uses.
func (s *scene) fill(n int) error {
	if s.program.id != oursID {
		return s.fillPeer(n)
	}
	disk := s.disk()
	entries := disk.Inventory().Items
	if len(entries) != 1 {
		return fmt.Errorf("the helper's cache holds %d entries after one get", len(entries))
	}
	e := entries[0].Entry
	e.Fetched = time.Now()
	for i := 1; i < n; i++ {
		if err := disk.Put(fmt.Sprintf("%s\x00other %d", entries[0].Key, i), e); err != nil {
			return err
		}
	}
	if have := len(disk.Inventory().Items); have != n {
		return fmt.Errorf("the helper's cache holds %d entries, not %d", have, n)
	}
	return nil
}

// errOtherForm is returned for a helper whose cache differs from the existing helper's.
var errOtherForm = errors.New("the peer's cache has an unknown format")

// fillPeer fills the JSON file of the existing helper.
func (s *scene) fillPeer(n int) error {
	text, err := os.ReadFile(s.peerCache())
	if err != nil {
		return errOtherForm
	}
	text, err = multiply(text, n)
	if err != nil {
		return err
	}
	return os.WriteFile(s.peerCache(), text, 0o600)
}

// multiply returns a cache file of the existing helper, {"Registries": {KEY: ENTRY}, …}, with n
// entries instead of one.
func multiply(text []byte, n int) ([]byte, error) {
	var file map[string]json.RawMessage
	var registries map[string]json.RawMessage
	if json.Unmarshal(text, &file) != nil || json.Unmarshal(file["Registries"], &registries) != nil || len(registries) != 1 {
		return nil, errOtherForm
	}
	for key, entry := range registries {
		for i := 1; i < n; i++ {
			registries[fmt.Sprintf("%s-other-%d", key, i)] = entry
		}
		break
	}
	all, err := json.Marshal(registries)
	if err != nil {
		return nil, err
	}
	file["Registries"] = all
	return json.Marshal(file)
}
