package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The admin API is at the pages' address with a token, and at the local socket without one.
func TestAdminAPI(t *testing.T) {
	t.Parallel()
	i := install(t, "listen: pages_on_http = true").serve()
	token, _, _ := strings.Cut(i.admin("token", "add", "monitoring", "--until", time.Now().AddDate(0, 1, 0).Format(time.DateOnly)), " ")
	i.person("Aisha", "Rahman")
	get := func(c *http.Client, url, token string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		out, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(out)
	}
	socket := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(i.data, adminSocket))
	}}}
	t.Cleanup(socket.CloseIdleConnections)
	at := "http://" + i.at("http") + "/admin/v1"
	for _, c := range []struct {
		name, url, token string
		client           *http.Client
		code             int
		want             string
	}{
		{"with the token", at + "/accounts/" + aisha, token, http.DefaultClient, 200, `"state":"active"`},
		{"without one", at + "/accounts/" + aisha, "", http.DefaultClient, 401, "token.unknown"},
		{"the document", at + "/openapi.json", "", http.DefaultClient, 200, `"openapi":"3.1.0"`},
		{"the queue", at + "/queue", token, http.DefaultClient, 200, `"items":[]`},
		{"originals", at + "/held/" + aisha, token, http.DefaultClient, 200, `"items":[]`},
		{"tasks", at + "/tasks", token, http.DefaultClient, 200, `"items":[]`},
		{"over the socket", "http://haven/admin/v1/accounts/" + aisha, "", socket, 200, `"state":"active"`},
	} {
		if code, out := get(c.client, c.url, c.token); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: %d %s", c.name, code, out)
		}
	}
	i.admin("token", "revoke", "1")
	if code, _ := get(http.DefaultClient, at+"/texts", token); code != 401 {
		t.Errorf("with a revoked token: %d", code)
	}
}
