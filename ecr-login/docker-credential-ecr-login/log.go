package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/hit"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/redact"
)

// The log tells what a call decided and how long that took. ECR_LOGIN_LOG sends it to standard error, ECR_LOGIN_LOG_FILE
// to a file, which hears everything. What stands in its way never fails a call: a client must not stop pulling because a
// disk is full. That a file is not written is said once, and only to who watches standard error anyhow.
//
// No secret is in it, by three means, each of which would do: what holds a secret prints as something else (plan.Login,
// token.Token); texts of AWS are cleaned where they are known (package token); and what comes here without a name in
// shown, or looks like a token, is not written.

// shown are the attributes of the log.
var shown = map[string]bool{
	slog.TimeKey: true, slog.LevelKey: true, slog.MessageKey: true, "pid": true, "took": true, "ok": true, "error": true,

	"path": true, "rules": true, "host": true, "account": true, "region": true, "partition": true, "rule": true, "match": true,
	"profile": true, "role": true, "source": true,

	"key": true, "state": true, "reason": true, "waited": true, "done": true, "removed": true, "folder": true, "file": true, "name": true,

	"stage": true, "call": true, "code": true, "after": true, "lifetime": true, "session": true,
}

const (
	// maxShown is the longest word that is written: an ECR password has thousands of characters, a session token
	// hundreds. Paths, ARNs and sentences have none that long.
	maxShown = 200

	// maxSum is how much of a fingerprint is written: enough to tell two apart.
	maxSum = 8
)

// discreet lets pass what may be written.
func discreet(_ []string, a slog.Attr) slog.Attr {
	if !shown[a.Key] {
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
		return slog.String(a.Key, redact.LongWords(text, maxShown))
	}
	return a
}

// readableKey is a key of the cache without its separators and with a part of the fingerprint.
func readableKey(key string) string {
	parts := strings.Split(key, "\x00")
	for i, part := range parts {
		if len(part) == 64 {
			parts[i] = part[:maxSum]
		}
	}
	return strings.Join(parts, "|")
}

// log is the process's one log; nil when none is asked for.
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
		handlers = append(handlers, slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: l, ReplaceAttr: discreet}))
		warn = func(err error) { o.problem(fmt.Errorf("no log is written to %s: %w", path, err), "") }
	default:
		o.problem(fmt.Errorf("%s is %q: it knows debug, info and off", hit.LogVariable, level), "")
	}
	if path != "" {
		file := &logFile{path: path, most: logFileMost, warn: warn}
		h := slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: discreet})
		handlers = append(handlers, h.WithAttrs([]slog.Attr{slog.Int("pid", os.Getpid())}))
	}
	if len(handlers) == 0 {
		return nil
	}
	return slog.New(multiHandler(handlers))
}
