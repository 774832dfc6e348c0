/// The version of all programs of this repository: `--version`, what batches and requests carry, the user agent.
package enum SoftwareVersion {
    package static let text = "0.1.0"
}
