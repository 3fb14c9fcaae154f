package main

import (
	"context"
	"errors"
	"log/slog"
)

// multiHandler passes each record to several handlers. Go 1.26 has slog.NewMultiHandler; this
// module builds with Go 1.25.
type multiHandler []slog.Handler

func (m multiHandler) Enabled(ctx context.Context, level slog.Level) bool {
	for _, h := range m {
		if h.Enabled(ctx, level) {
			return true
		}
	}
	return false
}

func (m multiHandler) Handle(ctx context.Context, r slog.Record) error {
	var errs []error
	for _, h := range m {
		if h.Enabled(ctx, r.Level) {
			errs = append(errs, h.Handle(ctx, r.Clone()))
		}
	}
	return errors.Join(errs...)
}

func (m multiHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return m.each(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

func (m multiHandler) WithGroup(name string) slog.Handler {
	return m.each(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (m multiHandler) each(change func(slog.Handler) slog.Handler) multiHandler {
	changed := make(multiHandler, len(m))
	for i, h := range m {
		changed[i] = change(h)
	}
	return changed
}
