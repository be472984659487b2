# nix-build .packaging && result/bin/rowmill --version
{ pkgs ? import <nixpkgs> { } }:

pkgs.rustPlatform.buildRustPackage {
  pname = "rowmill";
  version = (builtins.fromTOML (builtins.readFile ../Cargo.toml)).package.version;
  src = with pkgs.lib.fileset; toSource { root = ../.; fileset = gitTracked ../.; };
  cargoLock.lockFile = ../Cargo.lock;
  nativeBuildInputs = [ pkgs.installShellFiles ];
  # The tests mount, kill and fill disks; `.ci/run` has them.
  doCheck = false;
  postInstall = ''
    $out/bin/rowmill man > rowmill.1
    installManPage rowmill.1
    installShellCompletion --cmd rowmill \
      --bash <($out/bin/rowmill completions bash) \
      --zsh <($out/bin/rowmill completions zsh) \
      --fish <($out/bin/rowmill completions fish)
  '';
  meta = {
    description = "Delimited text of any size into JSON Lines";
    license = with pkgs.lib.licenses; [ mit asl20 ];
    mainProgram = "rowmill";
    platforms = pkgs.lib.platforms.linux ++ pkgs.lib.platforms.darwin;
  };
}
