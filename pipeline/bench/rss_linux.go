package bench

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// peakRSS returns the most memory that the process had resident since resetPeakRSS, in MB, or 0 when the system does not tell.
func peakRSS() float64 { return statusMB("VmHWM:") }

// residentMB returns the memory that the process has resident, in MB, or 0 when the system does not tell.
func residentMB() float64 { return statusMB("VmRSS:") }

// resetPeakRSS forgets the peak up to now, where the system allows it.
func resetPeakRSS() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func statusMB(name string) float64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if rest, ok := strings.CutPrefix(in.Text(), name); ok {
			var kb float64
			if _, err := fmt.Sscan(rest, &kb); err == nil {
				return kb / 1024
			}
		}
	}
	return 0
}
