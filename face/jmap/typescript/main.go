// Command typescript writes web/jmap/types.ts: what the JMAP face takes and gives, made from what the face knows of itself.
//
//	go run ./face/jmap/typescript web/jmap/types.ts
package main

import (
	"fmt"
	"os"

	"haven/face/jmap"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Name the file to write: go run ./face/jmap/typescript web/jmap/types.ts")
		os.Exit(2)
	}
	text, err := types(jmap.Describe())
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
