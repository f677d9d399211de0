//go:build !linux

package blob

// WriteVec writes all pieces at off, one after the other.
func (f realFile) WriteVec(pieces [][]byte, off int64) error {
	for _, p := range pieces {
		if _, err := f.WriteAt(p, off); err != nil {
			return err
		}
		off += int64(len(p))
	}
	return nil
}
