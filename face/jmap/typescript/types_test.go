package main

import (
	"bytes"
	"os"
	"testing"

	"haven/face/jmap"
)

func TestTypesAreThoseOfTheFace(t *testing.T) {
	t.Parallel()
	want, err := types(jmap.Describe())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../web/jmap/types.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("web/jmap/types.ts is another one than the face makes: make generate, and commit it")
	}
}
