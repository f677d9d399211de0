package delivery

import "testing"

// HoldLooks takes all turns to look into letters, as letters with large files do, until the test ends.
func (s *Service) HoldLooks(t *testing.T) {
	t.Helper()
	for range maxLooks {
		done, err := s.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(done)
	}
}
