package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// No kernel takes these for modules: the error tells which one was tried first.
func TestModulesAreLoadedInTheOrderOfTheirNumbers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"10-last.ko", "00-first.ko", "01-second.ko", "README"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no module"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := loadModules(dir); err == nil || !strings.Contains(err.Error(), "00-first.ko") {
		t.Errorf("error is %v, want it to name 00-first.ko", err)
	}
	if err := loadModules(filepath.Join(dir, "none")); err != nil {
		t.Errorf("without modules: %v", err)
	}
}
