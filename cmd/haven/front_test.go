package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"haven/platform/config"
)

func TestFront(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		front []string
		from  string
		said  []string
		want  string
	}{
		{"a browser that names another place", []string{"10.0.0.0/8"}, "192.0.2.7:1", []string{"198.51.100.1"}, "192.0.2.7"},
		{"a server in front", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"192.0.2.7"}, "192.0.2.7"},
		{"what the browser said before it counts for nothing", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"198.51.100.1, 192.0.2.7"}, "192.0.2.7"},
		{"in lines of its own too", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"198.51.100.1", "192.0.2.7"}, "192.0.2.7"},
		{"two in front", []string{"10.0.0.0/8", "2001:db8::/32"}, "10.0.0.1:1", []string{"192.0.2.7, 2001:db8::5"}, "192.0.2.7"},
		{"with ports and brackets", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"IPv4 within IPv6", []string{"10.0.0.0/8"}, "[::ffff:10.0.0.1]:1", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"rubbish", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"192.0.2.7, unknown"}, "10.0.0.1"},
		{"nothing", []string{"10.0.0.0/8"}, "10.0.0.1:1", nil, "10.0.0.1"},
		{"nobody but servers in front", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"more hops than there are", []string{"10.0.0.0/8"}, "10.0.0.1:1", []string{"192.0.2.7" + strings.Repeat(", 10.0.0.2", 50)}, "10.0.0.2"},
		{"on this machine, where nobody said so", nil, "127.0.0.1:1", []string{"192.0.2.7"}, "192.0.2.7"},
	} {
		var conf config.Config
		conf.Service.Portal, conf.Listen.Front = "https://mail.example", c.front
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.from
		for _, s := range c.said {
			r.Header.Add("X-Forwarded-For", s)
		}
		got := ""
		newFront(&conf, true, slog.New(slog.DiscardHandler)).behind(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).ServeHTTP(httptest.NewRecorder(), r)
		if want := strings.NewReplacer("[", "", "]", "").Replace(got); want[:strings.LastIndexByte(want, ':')] != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A demo on this machine believes nobody, and a server in front that says nothing is named once in the log.
func TestFrontSilent(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	serve := func(f *front) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		got := ""
		f.behind(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).ServeHTTP(httptest.NewRecorder(), r)
		return got
	}
	var conf config.Config
	conf.Service.Portal = "http://localhost:1"
	if got := serve(newFront(&conf, true, nil)); got != "127.0.0.1:4711" {
		t.Errorf("a demo: %s", got)
	}
	conf.Service.Portal = "https://mail.example"
	if got := serve(newFront(&conf, false, nil)); got != "127.0.0.1:4711" {
		t.Errorf("pages for the world: %s", got)
	}
	f := newFront(&conf, true, slog.New(slog.NewTextHandler(&log, nil)))
	serve(f)
	serve(f)
	if n := strings.Count(log.String(), "X-Forwarded-For"); n != 1 {
		t.Errorf("the log says it %d times:\n%s", n, &log)
	}
}
