package page

import (
	"crypto/sha256"
	"encoding/hex"

	"haven/face/portal/assets"
)

// versions are the beginnings of the assets' checksums: a browser keeps an asset for good, and asks for another one after a change.
var versions = func() map[string]string {
	v := map[string]string{}
	for name, content := range assets.All() {
		sum := sha256.Sum256(content)
		v[name] = hex.EncodeToString(sum[:6])
	}
	return v
}()

// Asset is the address of a stylesheet or script.
func Asset(name string) string { return "/assets/" + name + "?v=" + versions[name] }
