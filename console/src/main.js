const status = await (await fetch('api/status')).json();
document.getElementById('status').textContent = `Magpie ${status.version}`;
