# `.ci/release` fills in where the sources are. Homebrew takes formulae from taps:
#
#     brew tap-new you/local && cp rowmill.rb "$(brew --repository you/local)/Formula/"
#     brew install --build-from-source you/local/rowmill
class Rowmill < Formula
  desc "Delimited text of any size into JSON Lines"
  homepage "@HOME@"
  url "@URL@/@SOURCE@"
  sha256 "@SHA256@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"rowmill", "completions")
    (man1/"rowmill.1").write Utils.safe_popen_read(bin/"rowmill", "man")
  end

  test do
    (testpath/"in.csv").write "a,b\n007,x\n"
    assert_equal %Q({"a":"007","b":"x"}\n), shell_output("#{bin}/rowmill -q in.csv")
  end
end
