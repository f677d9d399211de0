// Package web serves the web client, a program of the browser that speaks JMAP and nothing else: its files, and the empty frames in which it shows letters.
//
// The files are built from the folder web by make web, and are part of the program. They hold nobody's data, so that anybody may have them; whose page it becomes is asked
// of JMAP, by the cookie of the pages.
package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// Root is where the client stands.
const Root = "/mail/"

//go:embed all:dist
var dist embed.FS

//go:embed frame.html
var frame []byte

// What the browser lets each page do.
const (
	// pagePolicy: script and data of this service alone. Letters are shown in frames of their own, files as they are or as blob.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self' blob:; worker-src 'self'; " +
		"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// framePolicy: no script at all, and nothing from elsewhere but, where the reader asked for them, pictures.
	framePolicy   = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
	picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

// Server is the client's files. It is safe for many goroutines.
type Server struct {
	mux   *http.ServeMux
	files fs.FS
	small sync.Map // by name: *packed
}

// packed is a file, compressed once.
type packed struct {
	once    sync.Once
	plain   []byte
	smaller []byte // gzip; nil where that is no smaller
	err     error
}

// New makes a server of what was built.
func New() *Server {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // never: the folder is part of the program
	}
	return newServer(files)
}

func newServer(files fs.FS) *Server {
	s := &Server{mux: http.NewServeMux(), files: files}
	s.mux.HandleFunc("GET "+Root+"assets/{name}", s.asset)
	s.mux.HandleFunc("GET "+Root+"assets/{folder}/{name}", s.asset)
	s.mux.HandleFunc("GET "+Root+"frame", s.frame(framePolicy))
	s.mux.HandleFunc("GET "+Root+"frame-pictures", s.frame(picturePolicy))
	s.mux.HandleFunc("GET "+Root+"worker.js", s.worker)
	s.mux.HandleFunc("GET "+Root, s.page)
	return s
}

// ServeHTTP answers everything below Root.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	s.mux.ServeHTTP(w, r)
}

// page is the one page of the client, at every address below Root: what is open there is the client's to read.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	if _, err := s.open("index.html"); err != nil {
		http.Error(w, "The web client was not built into this program. Whoever built it: make build.", http.StatusNotImplemented)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", pagePolicy)
	s.send(w, r, "index.html")
}

// worker is the script that a browser runs beside the page where its person wants to be told of letters or to read them offline. It is asked for anew each time, so that it never is another build's.
func (s *Server) worker(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'")
	s.send(w, r, "worker.js")
}

// asset is a file whose name holds its checksum, or whose folder its version, so that a browser may keep it for good.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := "assets"
	for _, part := range []string{r.PathValue("folder"), r.PathValue("name")} {
		if strings.HasPrefix(part, ".") || strings.ContainsAny(part, `/\`) {
			http.NotFound(w, r)
			return
		}
		name = path.Join(name, part)
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'") // of workers
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	s.send(w, r, name)
}

func (s *Server) frame(policy string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "private, max-age=600") // it is empty, and each letter that is opened asks for one
		h.Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(frame) // a client that is gone reads nothing more
	}
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, name string) {
	f, err := s.open(name)
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // what the machine says of these differs
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case "":
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.smaller != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.smaller
	}
	_, _ = w.Write(body)
}

// open reads a file, compressed when it is first asked for.
func (s *Server) open(name string) (*packed, error) {
	if _, err := fs.Stat(s.files, name); err != nil {
		return nil, err // not kept: names are the client's to make up
	}
	kept, _ := s.small.LoadOrStore(name, &packed{})
	f := kept.(*packed)
	f.once.Do(func() {
		if f.plain, f.err = fs.ReadFile(s.files, name); f.err != nil {
			return
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return
		}
		_, _ = z.Write(f.plain) // a buffer takes everything
		if z.Close() == nil && b.Len() < len(f.plain)*9/10 {
			f.smaller = b.Bytes()
		}
	})
	return f, f.err
}
