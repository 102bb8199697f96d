"""What every page is made with: session, links, controls, data, files, progress."""
