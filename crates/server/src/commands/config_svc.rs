//! Where the server is. The URL says `ConfigSvc`, which is no name for a file here.

pub mod get_ip_list;
