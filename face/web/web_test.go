package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func built() *Server {
	return newServer(fstest.MapFS{
		"index.html":          {Data: []byte("<!doctype html><title>Mail</title>")},
		"worker.js":           {Data: []byte("self")},
		"assets/index-1a.js":  {Data: []byte(strings.Repeat("let a = 1;\n", 100))},
		"assets/index-2b.css": {Data: []byte("a{}")},
		"assets/.hidden":      {Data: []byte("x")},
		"assets/pdf-6/a.wasm": {Data: []byte("x")},
	})
}

func get(t *testing.T, s http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s := built()
	for path, want := range map[string]struct {
		code        int
		kind, cache string
	}{
		"/mail/":                           {200, "text/html; charset=utf-8", "no-store"},
		"/mail/Aabc/Fabc-1/Tabc":           {200, "text/html; charset=utf-8", "no-store"},
		"/mail/worker.js":                  {200, "text/javascript; charset=utf-8", "no-cache"},
		"/mail/assets/index-1a.js":         {200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/mail/assets/index-2b.css":        {200, "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		"/mail/assets/other.js":            {404, "text/plain; charset=utf-8", "no-store"},
		"/mail/assets/.hidden":             {404, "text/plain; charset=utf-8", ""},
		"/mail/assets/pdf-6/a.wasm":        {200, "application/wasm", "public, max-age=31536000, immutable"},
		"/mail/assets/pdf-6":               {404, "text/plain; charset=utf-8", "no-store"},
		"/mail/assets/%2e%2e/index.html":   {404, "text/plain; charset=utf-8", ""},
		"/mail/assets/..%2findex.html":     {404, "text/plain; charset=utf-8", ""},
		"/mail/assets/%2e%2e%5cindex.html": {404, "text/plain; charset=utf-8", ""},
		"/mail/frame":                      {200, "text/html; charset=utf-8", "private, max-age=600"},
		"/mail/frame-pictures":             {200, "text/html; charset=utf-8", "private, max-age=600"},
	} {
		r := get(t, s, path)
		if r.StatusCode != want.code || r.Header.Get("Content-Type") != want.kind || r.Header.Get("Cache-Control") != want.cache || r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d, %v", path, r.StatusCode, r.Header)
		}
	}
	if r := get(t, newServer(fstest.MapFS{}), "/mail/"); r.StatusCode != http.StatusNotImplemented {
		t.Errorf("a program without the client answers %d", r.StatusCode)
	}
}

func TestCompressed(t *testing.T) {
	t.Parallel()
	s := built()
	for range 2 {
		r := get(t, s, "/mail/assets/index-1a.js", "Accept-Encoding", "gzip, br")
		if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatal(r.Header)
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(z); err != nil || len(text) != 1100 {
			t.Errorf("%d octets, %v", len(text), err)
		}
		if r := get(t, s, "/mail/assets/index-1a.js"); r.Header.Get("Content-Encoding") != "" {
			t.Error("who reads no gzip is sent it")
		}
	}
	if r := get(t, s, "/mail/assets/index-2b.css", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("what gets no smaller is compressed")
	}
}

// Nothing runs in the frames of letters, and without the reader's word nothing comes from elsewhere. The page runs what is ours alone, and stands in nobody's frame.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := built()
	for path, want := range map[string][]string{
		"/mail/":               {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"},
		"/mail/worker.js":      {"default-src 'none'", "script-src 'self'", "connect-src 'self'"},
		"/mail/frame":          {"default-src 'none'", "img-src 'self' data:", "frame-ancestors 'self'", "form-action 'none'"},
		"/mail/frame-pictures": {"default-src 'none'", "img-src 'self' data: https:", "frame-ancestors 'self'", "form-action 'none'"},
	} {
		policy := strings.Split(get(t, s, path).Header.Get("Content-Security-Policy"), "; ")
		for _, d := range want {
			if !slices.Contains(policy, d) {
				t.Errorf("%s: %q lacks %q", path, policy, d)
			}
		}
		for _, d := range policy {
			if strings.Contains(d, "script-src") && (strings.HasPrefix(path, "/mail/frame") || d != "script-src 'self'") {
				t.Errorf("%s lets run: %q", path, d)
			}
		}
	}
}
