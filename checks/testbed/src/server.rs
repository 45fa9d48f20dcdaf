//! The real server's binary as a process of its own. For `server`'s tests and for `proof`.

use std::io::{BufRead as _, BufReader, copy, sink};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Starts it on a free port; returns once it listens. `None` when it ended instead: its standard error says why,
/// and one reason is that somebody else was faster to take the port.
pub fn start(command: &mut Command) -> Option<(Child, SocketAddr)> {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let listen = ["--addr".to_owned(), address.to_string()];
    let mut child = command.args(listen).stdout(Stdio::piped()).spawn().unwrap();
    // It says where it is once it listens.
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    if line.is_empty() {
        child.wait().unwrap();
        return None;
    }
    // What it prints later goes nowhere; an open pipe that nobody reads would block it.
    thread::spawn(move || copy(&mut stdout, &mut sink()));
    Some((child, address))
}
