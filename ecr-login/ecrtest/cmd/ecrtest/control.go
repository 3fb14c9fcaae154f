package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// maxBody is the largest body of a request to the control API.
const maxBody = 1 << 20

// control is the HTTP API with which a test in any language controls the fake.
type control struct {
	url    string
	server *http.Server
	done   chan struct{}
}

func startControl(s *ecrtest.Server, addr, host string) (*control, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("starting the control API: %w", err)
	}
	c := &control{url: "http://" + l.Addr().String(), server: &http.Server{Handler: controlHandler(s)}, done: make(chan struct{})}
	if host != "" {
		_, port, _ := net.SplitHostPort(l.Addr().String())
		c.url = "http://" + net.JoinHostPort(host, port)
	}
	go func() {
		defer close(c.done)
		_ = c.server.Serve(l) // ends with close
	}()
	return c, nil
}

func (c *control) close() {
	c.server.Close()
	<-c.done
}

// fault is ecrtest.Fault as JSON.
type fault struct {
	Latency         duration `json:"latency"`
	CloseConnection bool     `json:"closeConnection"`
	Silence         bool     `json:"silence"`
	Body            *string  `json:"body"`
	Garbage         bool     `json:"garbage"`
	Status          int      `json:"status"`
	Code            string   `json:"code"`
	Message         string   `json:"message"`
	Truncate        bool     `json:"truncate"`
	Times           int      `json:"times"`
}

func (f fault) fault() ecrtest.Fault {
	out := ecrtest.Fault{
		Latency: time.Duration(f.Latency), CloseConnection: f.CloseConnection, Silence: f.Silence, Garbage: f.Garbage,
		Status: f.Status, Code: f.Code, Message: f.Message, Truncate: f.Truncate, Times: f.Times,
	}
	if f.Body != nil {
		out.Body = []byte(*f.Body)
	}
	return out
}

// duration is a duration as Go writes it: "1h30m", "-5m", "100ms".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// settings are those of the server. A missing member changes nothing.
type settings struct {
	ClockOffset          *duration `json:"clockOffset"`
	TokenLife            *duration `json:"tokenLife"`
	SessionLife          *duration `json:"sessionLife"`
	TokensEndWithSession *bool     `json:"tokensEndWithSession"`
	RequireRepositories  *bool     `json:"requireRepositories"`
	ImmutableTags        *bool     `json:"immutableTags"`
}

func (v settings) apply(s *ecrtest.Server) {
	set(s.SetClockOffset, (*time.Duration)(v.ClockOffset))
	set(s.SetTokenLife, (*time.Duration)(v.TokenLife))
	set(s.SetSessionLife, (*time.Duration)(v.SessionLife))
	set(s.SetTokensEndWithSession, v.TokensEndWithSession)
	set(s.SetRequireRepositories, v.RequireRepositories)
	set(s.SetImmutableTags, v.ImmutableTags)
}

func set[T any](setter func(T), value *T) {
	if value != nil {
		setter(*value)
	}
}

// controlHandler serves the control API. docs/ecrtest.md describes it.
func controlHandler(s *ecrtest.Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })

	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) {
		calls := map[string]int{}
		for _, r := range s.Requests("") {
			calls[r.Op] = s.Calls(r.Op)
		}
		respond(w, calls)
	})
	mux.HandleFunc("DELETE /calls", func(w http.ResponseWriter, _ *http.Request) {
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		requests := s.Requests(r.URL.Query().Get("op"))
		if requests == nil {
			requests = []ecrtest.Request{}
		}
		respond(w, requests)
	})

	mux.HandleFunc("PUT /faults/{op}", change(func(r *http.Request, list []fault) error {
		if len(list) == 0 {
			return errors.New("no fault in the list")
		}
		var faults []ecrtest.Fault
		for _, f := range list {
			faults = append(faults, f.fault())
		}
		s.SetFault(r.PathValue("op"), faults...)
		return nil
	}))
	mux.HandleFunc("DELETE /faults/{op}", func(w http.ResponseWriter, r *http.Request) {
		s.SetFault(r.PathValue("op"))
		w.WriteHeader(http.StatusNoContent)
	})

	mux.HandleFunc("PUT /denials/{action}", change(func(r *http.Request, in struct {
		Principals []string `json:"principals"`
	}) error {
		s.Deny(r.PathValue("action"), in.Principals...)
		return nil
	}))
	mux.HandleFunc("DELETE /denials/{action}", func(w http.ResponseWriter, r *http.Request) {
		s.Allow(r.PathValue("action"))
		w.WriteHeader(http.StatusNoContent)
	})

	mux.HandleFunc("PUT /settings", change(func(_ *http.Request, in settings) error {
		in.apply(s)
		return nil
	}))
	mux.HandleFunc("GET /clock", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, map[string]time.Time{"now": s.Now().UTC()})
	})

	mux.HandleFunc("POST /users", func(w http.ResponseWriter, r *http.Request) {
		in, ok := read[struct {
			Name string `json:"name"`
		}](w, r)
		if !ok {
			return
		}
		if in.Name == "" {
			http.Error(w, "name is missing", http.StatusBadRequest)
			return
		}
		c := s.AddUser(in.Name)
		respond(w, map[string]string{"accessKeyId": c.AccessKeyID, "secretAccessKey": c.SecretAccessKey, "arn": c.Principal.ARN})
	})
	mux.HandleFunc("POST /roles", change(func(_ *http.Request, in struct {
		ARN        string   `json:"arn"`
		ExternalID string   `json:"externalId"`
		Trusted    []string `json:"trusted"`
		Subject    string   `json:"subject"`
	}) error {
		if in.ARN == "" {
			return errors.New("arn is missing")
		}
		s.AddRole(ecrtest.Role{ARN: in.ARN, ExternalID: in.ExternalID, Trusted: in.Trusted, Subject: in.Subject})
		return nil
	}))
	return mux
}

// change returns a handler that decodes a JSON body, passes it to f, and answers 204.
func change[T any](f func(*http.Request, T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, ok := read[T](w, r)
		if !ok {
			return
		}
		if err := f(r, in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// read decodes the JSON body of a request strictly. It answers 400 when it cannot, and reports
// whether it could. An empty body reads as the zero value.
func read[T any](w http.ResponseWriter, r *http.Request) (in T, ok bool) {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		http.Error(w, "cannot decode the body: "+err.Error(), http.StatusBadRequest)
		return in, false
	}
	return in, true
}

func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
