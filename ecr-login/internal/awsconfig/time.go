package awsconfig

import (
	"fmt"
	"strings"
	"time"
)

// ParseTime parses a time as AWS tools write it in credential files and process output. The AWS CLI
// parses these with Python's dateutil: besides RFC 3339 it accepts a blank for the T, zones without
// a colon, UTC by name, and no zone, which is UTC.
func ParseTime(text string) (time.Time, error) {
	s := strings.TrimSpace(text)
	for _, zone := range []string{"UTC", "GMT"} {
		if before, ok := strings.CutSuffix(s, zone); ok {
			s = strings.TrimSpace(before) + "Z"
			break
		}
	}
	s = strings.Replace(s, " ", "T", 1)
	s = strings.ReplaceAll(s, " ", "")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05", "20060102T150405Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time", text)
}
