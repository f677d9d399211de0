package mime

import (
	"reflect"
	"testing"
)

func TestMetaComesBack(t *testing.T) {
	t.Parallel()
	for name, raw := range letters(t) {
		want := mustParse(t, raw).Meta()
		b, err := want.AppendBinary([]byte("before"))
		if err != nil || string(b[:6]) != "before" {
			t.Fatal(err)
		}
		b = b[6:]
		var got Meta
		if err := got.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(&got, want) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", name, err, got, want)
		}
		env, err1 := ReadEnvelope(b)
		root, err2 := ReadStructure(b)
		preview, err3 := ReadPreview(b)
		if err1 != nil || err2 != nil || err3 != nil || !reflect.DeepEqual(env, want.Envelope) ||
			!reflect.DeepEqual(root, want.Root) || preview != want.Preview {
			t.Errorf("%s: a piece alone differs: %v %v %v", name, err1, err2, err3)
		}
		for n := range b {
			if got.UnmarshalBinary(b[:n]) == nil {
				t.Errorf("%s: the first %d of %d octets are taken for the whole", name, n, len(b))
			}
		}
		if got.UnmarshalBinary(append(b, 0)) == nil {
			t.Errorf("%s: an octet too many is taken", name)
		}
	}
}

func FuzzMeta(f *testing.F) {
	for _, raw := range letters(f) {
		b, _ := mustParse(f, raw).Meta().AppendBinary(nil)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m, again Meta
		_, _ = ReadEnvelope(b)
		_, _ = ReadStructure(b)
		_, _ = ReadPreview(b)
		if m.UnmarshalBinary(b) != nil {
			return
		}
		c, _ := m.AppendBinary(nil)
		if err := again.UnmarshalBinary(c); err != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("what was read is written otherwise: %v", err)
		}
	})
}

func BenchmarkMetaRead(b *testing.B) {
	raw := letters(b)["nested"]
	enc, _ := mustParse(b, raw).Meta().AppendBinary(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadEnvelope(enc); err != nil {
			b.Fatal(err)
		}
		if _, err := ReadStructure(enc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMetaWrite(b *testing.B) {
	m := mustParse(b, letters(b)["nested"]).Meta()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = m.AppendBinary(buf[:0])
	}
}
