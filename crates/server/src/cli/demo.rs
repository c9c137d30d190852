use super::Flags;
#[derive(clap::Args, Clone)]
pub struct Args {
    #[arg(long)]
    once: bool,
}
pub async fn run(_flags: &Flags, _args: Args) -> anyhow::Result<()> {
    Ok(())
}
