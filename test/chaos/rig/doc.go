// Package rig holds what the chaos suite breaks: the command and NATS servers as child processes, receivers that misbehave, disks that are
// small or lose what was not synced, and networks that are cut. Everything it starts ends with the test that started it.
package rig
