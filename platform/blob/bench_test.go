package blob

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("10KB/writers=%d", writers), func(b *testing.B) {
			s := openTest(b, b.TempDir(), Options{})
			body := letter(10_000, 1, false)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := s.Put(b.Context(), body); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bodies/s")
		})
	}
}

func BenchmarkAppendTo(b *testing.B) {
	s := openTest(b, b.TempDir(), Options{})
	for _, n := range []int{600, 10_000, 60_000, 500_000} {
		st, err := s.Put(b.Context(), letter(n, 1, false))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dst := make([]byte, 0, n+tagSize)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.AppendTo(dst, st.Loc, st.ID, &st.Key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPack(b *testing.B) {
	p, err := newPacker()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{10_000, chunkSize} {
		for _, noise := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/noise=%v", n, noise), func(b *testing.B) {
				plain := letter(n, 1, noise)
				dst := make([]byte, 0, 2*chunkSize)
				b.SetBytes(int64(n))
				for b.Loop() {
					dst, _ = p.pack(dst[:0], plain)
				}
				b.ReportMetric(float64(len(dst))/float64(n), "ratio")
			})
		}
	}
}
