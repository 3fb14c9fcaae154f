package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/logfile"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/terminal"
)

// The log records the decisions of a call and how long each step took. ECR_LOGIN_LOG sends it to
// standard error, ECR_LOGIN_LOG_FILE to a file, which gets every level. A log that cannot be
// written never fails a call: a client must be able to pull when the disk is full. A warning about
// it goes to standard error only if that has a log too.
//
// Three measures keep secrets out of the log, each of which would be enough: types with a secret
// print something else (plan.Login, token.Token), package token redacts AWS's messages, and
// logAttribute redacts unknown attributes and long words.

// logAttributes are the attributes that the log may contain.
var logAttributes = map[string]bool{
	slog.TimeKey: true, slog.LevelKey: true, slog.MessageKey: true, "pid": true, "took": true, "ok": true, "error": true,

	"path": true, "rules": true, "host": true, "account": true, "region": true, "partition": true, "rule": true, "match": true,
	"profile": true, "role": true, "source": true, "outcome": true,

	"key": true, "state": true, "reason": true, "waited": true, "done": true, "removed": true, "directory": true, "file": true, "name": true,

	"stage": true, "call": true, "code": true, "after": true, "lifetime": true, "session": true,
}

const (
	// maxLogWord is the longest word in the log. An ECR password has thousands of characters and a
	// session token hundreds; no word in a path, an ARN or a sentence has as many.
	maxLogWord = 200

	// fingerprintLength is how much of a fingerprint is logged: enough to distinguish two.
	fingerprintLength = 8
)

// logAttribute returns an attribute as it may be logged.
func logAttribute(_ []string, a slog.Attr) slog.Attr {
	if !logAttributes[a.Key] {
		return slog.String(a.Key, redact.Placeholder)
	}
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString, slog.KindAny:
		if a.Key == slog.LevelKey {
			return a
		}
		text := v.String()
		if a.Key == "key" {
			text = readableKey(text)
		}
		return slog.String(a.Key, redact.LongWords(text, maxLogWord))
	}
	return a
}

// readableKey returns a cache key with readable separators and a short fingerprint.
func readableKey(key string) string {
	parts := strings.Split(key, "\x00")
	for i, part := range parts {
		if len(part) == 64 {
			parts[i] = part[:fingerprintLength]
		}
	}
	return strings.Join(parts, "|")
}

// log returns the log of the process; nil unless an environment variable enables it.
func (p *process) log() *slog.Logger {
	p.logOnce.Do(func() { p.logger = p.out.newLog(os.Getenv(hit.LogVariable), os.Getenv(hit.LogFileVariable)) })
	return p.logger
}

func (o output) newLog(level, path string) *slog.Logger {
	var handlers []slog.Handler
	var warn func(error)
	switch strings.ToLower(level) {
	case "", "0", "off", "false", "no", "none":
	case "warn", "warning", "error": // nothing is logged at these
	case "debug", "info":
		l := slog.LevelDebug
		if strings.EqualFold(level, "info") {
			l = slog.LevelInfo
		}
		handlers = append(handlers, slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: l, ReplaceAttr: logAttribute}))
		warn = func(err error) {
			o.problem(fmt.Errorf("cannot write the log to %s: %w", terminal.Quote(path), err), "")
		}
	default:
		o.problem(fmt.Errorf("%s is %q, want debug, info or off", hit.LogVariable, level), "")
	}
	if path != "" {
		file := &logfile.File{Path: path, Warn: warn}
		h := slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: logAttribute})
		handlers = append(handlers, h.WithAttrs([]slog.Attr{slog.Int("pid", os.Getpid())}))
	}
	if len(handlers) == 0 {
		return nil
	}
	return slog.New(multiHandler(handlers))
}
