package obs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthReadinessFigures(t *testing.T) {
	t.Parallel()
	r := NewRegistry()
	Counter(r, "letters_total", "letters taken", map[string]string{"face": "smtp"}, func() float64 { return 7 })
	broken := errors.New("password=secret")
	var fault error
	srv := httptest.NewServer(Handler(r, Probe{"database", func(context.Context) error { return fault }}))
	defer srv.Close()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	if code, body := get("/readyz"); code != 200 || body != "ready\n" {
		t.Errorf("ready: %d %q", code, body)
	}
	if _, body := get("/metrics"); !strings.Contains(body, `haven_letters_total{face="smtp"} 7`) {
		t.Error("the figure is missing")
	}
	fault = broken
	if code, body := get("/readyz"); code != 503 || body != "database does not answer\n" {
		t.Errorf("not ready: %d %q", code, body)
	}
	if code, _ := get("/healthz"); code != 200 {
		t.Errorf("alive: %d", code)
	}
}
