//go:build !linux

package bench

import (
	"runtime"
	"syscall"
)

// peakRSS returns the most memory that the process ever had resident, in MB, or 0 when the system does not tell.
func peakRSS() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss) / (1 << 20) // bytes there, kilobytes elsewhere
	}
	return float64(u.Maxrss) / 1024
}

// residentMB is the peak: the system tells no more.
func residentMB() float64 { return peakRSS() }

// resetPeakRSS does nothing: the peak is that of the process.
func resetPeakRSS() {}
